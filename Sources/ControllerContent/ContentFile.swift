import Foundation

/// The files of content.
public enum ContentFile {
  /// The bytes of a file.
  ///
  /// - Throws: where it cannot be read or has more than ``ControllerContent/fileLimit`` bytes.
  public static func read(_ path: String) throws(ContentError) -> [UInt8] {
    let bytes: [UInt8]
    do {
      let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      // One byte more than is accepted, for a file that does not end.
      bytes = Array(try handle.read(upToCount: ControllerContent.fileLimit + 1) ?? Data())
    } catch {
      throw ContentError(path, "could not be read")
    }
    guard bytes.count <= ControllerContent.fileLimit else {
      throw ContentError(path, "more than \(ControllerContent.fileLimit) bytes")
    }
    return bytes
  }

  /// The content of files: a description in YAML, and QEMU's binaries in place of what it says.
  ///
  /// - Parameter usual: what there is without a description.
  public static func content(
    yaml: String? = nil, sdr: String? = nil, fru: String? = nil, fruAreaSize: Int? = nil,
    usual: ControllerContent = ControllerContent()
  ) throws(ContentError) -> ControllerContent {
    var content = usual
    if let yaml {
      guard let text = String(validating: try read(yaml), as: UTF8.self) else {
        throw ContentError(yaml, "not a text in UTF-8")
      }
      content = try ControllerContent(yaml: text, file: yaml)
    }
    if let sdr { try content.read(sdrFile: read(sdr), named: sdr) }
    if let fru {
      try content.read(
        fruFile: read(fru), named: fru, areaSize: fruAreaSize ?? content.fruAreaSize)
    }
    return content
  }
}
