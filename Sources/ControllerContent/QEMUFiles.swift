import ManagementController

/// The binary files of QEMU's `ipmi-bmc-sim`: `sdrfile` and `frudatafile`.
extension ControllerContent {
  /// The most bytes of a file that are looked at.
  public static let fileLimit = 1 << 20

  /// The SDRs one behind the other, as QEMU numbers them: from 0.
  public var sdrFile: [UInt8] {
    var file: [UInt8] = []
    for (id, record) in records.enumerated() {
      file += [UInt8(truncatingIfNeeded: id), UInt8(truncatingIfNeeded: id >> 8)]
      file += record.bytes[2...]
    }
    return file
  }

  /// The FRU inventories one behind the other, each ``fruAreaSize`` bytes.
  public var fruFile: [UInt8] {
    inventories.flatMap { $0 + [UInt8](repeating: 0, count: fruAreaSize - $0.count) }
  }

  /// Takes the SDRs of an `sdrfile` in place of those there are.
  ///
  /// - Throws: where the length in a header is not what the file has, or the file is too long.
  public mutating func read(sdrFile file: [UInt8], named name: String) throws(ContentError) {
    var records: [Record] = []
    var offset = 0
    let header = 5
    while offset < file.count {
      let place = "record \(records.count) at byte \(offset)"
      guard file.count - offset >= header else {
        throw ContentError(
          name, "\(place) ends in its header: \(file.count - offset) of \(header) bytes are there")
      }
      let size = header + Int(file[offset + 4])
      guard size <= ManagementController.longestSDR else {
        throw ContentError(
          name, "\(place) has \(size) bytes; at most \(ManagementController.longestSDR) can be read"
        )
      }
      guard file.count - offset >= size else {
        throw ContentError(
          name,
          "\(place) is cut short: its header tells of \(size) bytes, "
            + "\(file.count - offset) are there")
      }
      records.append(Record(bytes: [0, 0] + file[offset + 2..<offset + size]))
      offset += size
    }
    guard file.count <= ManagementController.sdrCapacity else {
      throw ContentError(
        name, "\(file.count) bytes of records; at most \(ManagementController.sdrCapacity) fit")
    }
    self.records = records
  }

  /// Takes the FRU inventories of a `frudatafile` in place of those there are.
  ///
  /// - Parameter areaSize: The bytes of each, QEMU's `fruareasize`; the last may be shorter.
  public mutating func read(
    fruFile file: [UInt8], named name: String, areaSize: Int
  ) throws(ContentError) {
    let count = (file.count + areaSize - 1) / areaSize
    guard count <= ManagementController.fruDeviceLimit,
      count * areaSize <= ManagementController.fruCapacity
    else {
      throw ContentError(
        name,
        "\(file.count) bytes are \(count) FRU devices of \(areaSize); at most "
          + "\(ManagementController.fruDeviceLimit) devices and \(ManagementController.fruCapacity) "
          + "bytes fit")
    }
    fruAreaSize = areaSize
    inventories = stride(from: 0, to: file.count, by: areaSize).map {
      Array(file[$0..<min($0 + areaSize, file.count)]).withoutTrailingZeros
    }
  }
}

extension [UInt8] {
  /// The bytes up to the last one that is not zero.
  var withoutTrailingZeros: [UInt8] {
    Array(prefix((lastIndex { $0 != 0 } ?? -1) + 1))
  }
}
