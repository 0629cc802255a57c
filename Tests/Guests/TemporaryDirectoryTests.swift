import EmulatedPair
import Foundation
import Testing

/// Where the sockets between emulators are.
@Suite struct TemporaryDirectoryTests {
  @Test func `nobody else can enter it, and it goes with its value`() throws {
    var directory: TemporaryDirectory? = try TemporaryDirectory()
    let path = try #require(directory?.path)
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o700)
    try Data("content".utf8).write(to: URL(fileURLWithPath: path + "/file"))
    directory = nil
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}
