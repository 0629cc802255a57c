import EmulatedPair
import Foundation
import Testing

@testable import CharacterDevice

/// Where a host of messages connects to a device: who may, and what is in the way.
@Suite struct SocketHostTests {
  @Test func theSocketIsThisUsersAloneAndIsRemoved() throws {
    let directory = try TemporaryDirectory()
    let path = directory.appending("bmc.sock")
    var host: SocketHost? = try SocketHost(path: path)
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    _ = host
    host = nil
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func aSecondHostWaitsUntilTheFirstHasLeft() throws {
    let directory = try TemporaryDirectory()
    let path = directory.appending("bmc.sock")
    let host = try SocketHost(path: path)
    let first = try CharacterDevice.connectToUnixSocket(path)
    #expect(host.takeConnectionChange() == .connected)
    let second = try CharacterDevice.connectToUnixSocket(path)
    defer { close(second) }
    #expect(unsafe send(second, [1, 2, 3] as [UInt8], 3, 0) == 3)
    #expect(host.take(10).isEmpty, "not the first's bytes")
    #expect(unsafe send(first, [9] as [UInt8], 1, 0) == 1)
    #expect(host.take(10) == [9])
    #expect(host.takeConnectionChange() == nil)
    close(first)
    #expect(host.take(10).isEmpty)
    #expect(host.takeConnectionChange() == .disconnected)
    #expect(host.takeConnectionChange() == .connected)
    #expect(host.take(10) == [1, 2, 3])
  }

  @Test func whatIsInTheWayIsReplacedOnlyWhereItIsAStaleSocket() throws {
    let directory = try TemporaryDirectory()
    let file = directory.appending("notes.txt")
    try Data("notes".utf8).write(to: URL(fileURLWithPath: file))
    let refusal = #expect(throws: DeviceError.self) { try SocketHost(path: file) }
    #expect(refusal?.description.contains("no socket; remove it or choose another") == true)
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "notes")

    let live = directory.appending("live.sock")
    try withExtendedLifetime(SocketHost(path: live)) {
      // As many as its queue holds, and more: it is still somebody's.
      let waiting = (0..<4).compactMap { _ in try? CharacterDevice.connectToUnixSocket(live) }
      defer { for connection in waiting { close(connection) } }
      #expect(waiting.count < 4)
      let refusal = #expect(throws: DeviceError.self) { try SocketHost(path: live) }
      #expect(refusal?.description.contains("somebody listens there") == true)
      #expect(FileManager.default.fileExists(atPath: live))
    }

    let stale = directory.appending("stale.sock")
    close(try listenOnUnixSocket(stale))
    #expect(FileManager.default.fileExists(atPath: stale))
    let host = try SocketHost(path: stale)
    let connection = try CharacterDevice.connectToUnixSocket(stale)
    #expect(host.takeConnectionChange() == .connected)
    close(connection)
  }
}
