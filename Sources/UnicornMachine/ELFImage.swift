/// An executable: the segments of an ELF file, for either machine.
///
/// 32 and 64 bits, little-endian. Any bytes are looked at safely; what is no such file is an error.
public struct ELFImage: Sendable {
  /// A segment that is loaded.
  public struct Segment: Sendable {
    /// Physical address.
    public var address: UInt64
    /// What the file has of it.
    public var data: ArraySlice<UInt8>
    /// Bytes in memory: those that the file does not have are 0.
    public var size: UInt64
    /// Whether it holds instructions.
    public var isExecutable: Bool
  }

  /// What the image is for; raw values are `e_machine`.
  public enum Machine: UInt16, Sendable {
    case arm = 40
    case x86 = 3
    case amd64 = 62
  }

  public let machine: Machine
  public let entry: UInt64
  public private(set) var segments: [Segment] = []
  /// FNV-1a of the whole file, 64 bits: tells another file, not an attacker's.
  public let hash: UInt64
  private let file: [UInt8]
  private let is64: Bool

  /// - Parameter name: For errors.
  public init(_ file: [UInt8], name: String) throws {
    func no(_ what: String) -> MachineError {
      MachineError("\(name) \(what): an ELF executable, little-endian, was expected")
    }
    guard file.count >= 52, file.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else {
      throw no("is no ELF file")
    }
    guard file[5] == 1, file[4] == 1 || file[4] == 2 else { throw no("has another byte order") }
    self.file = file
    is64 = file[4] == 2
    hash = fnv1a(file)
    let fields = Fields(file)
    guard let type = fields.integer(16, 2), type == 2 || type == 3,
      let number = fields.integer(18, 2), let machine = Machine(rawValue: UInt16(number))
    else { throw no("is for another kind of machine") }
    self.machine = machine
    guard let entry = fields.integer(24, is64 ? 8 : 4),
      let table = fields.integer(is64 ? 32 : 28, is64 ? 8 : 4),
      let entrySize = fields.integer(is64 ? 54 : 42, 2),
      let count = fields.integer(is64 ? 56 : 44, 2)
    else { throw no("ends in its header") }
    self.entry = entry
    for index in 0..<count {
      let header = Int(clamping: table.addingReportingOverflow(index * entrySize).partialValue)
      guard let type = fields.integer(header, 4) else { throw no("ends in its segments' table") }
      guard type == 1 else { continue }
      let word = is64 ? 8 : 4
      guard let flags = fields.integer(header + (is64 ? 4 : 24), 4),
        let offset = fields.integer(header + (is64 ? 8 : 4), word),
        let address = fields.integer(header + (is64 ? 24 : 12), word),
        let fileSize = fields.integer(header + (is64 ? 32 : 16), word),
        let size = fields.integer(header + (is64 ? 40 : 20), word),
        offset <= file.count, fileSize <= UInt64(file.count) - offset, fileSize <= size
      else { throw no("has a segment that is not in it") }
      segments.append(
        Segment(
          address: address, data: file[Int(offset)..<Int(offset + fileSize)], size: size,
          isExecutable: flags & 1 != 0))
    }
    if segments.isEmpty { throw no("has nothing to load") }
  }

  /// The addresses from the first to the last executable segment.
  var code: Range<UInt64> {
    let code = segments.filter(\.isExecutable)
    let start = code.map(\.address).min() ?? 0
    return start..<max(start, code.map { $0.address &+ UInt64($0.data.count) }.max() ?? 0)
  }

  /// Whether what is executable is in `memory`, which begins at `base`, as it was loaded.
  func codeIsUnchanged(in memory: Memory, base: UInt64) -> Bool {
    segments.allSatisfy {
      !$0.isExecutable || memory.holds($0.data, at: Int(clamping: $0.address &- base))
    }
  }

  /// The address of a symbol, or `nil` where the file does not name it.
  public func symbol(_ name: String) -> UInt64? {
    let fields = Fields(file)
    let word = is64 ? 8 : 4
    guard let table = fields.integer(is64 ? 40 : 32, word),
      let size = fields.integer(is64 ? 58 : 46, 2), let count = fields.integer(is64 ? 60 : 48, 2)
    else { return nil }
    func section(_ index: UInt64, _ field: Int, _ width: Int) -> UInt64? {
      fields.integer(Int(clamping: table &+ index &* size) &+ field, width)
    }
    let wanted = Array(name.utf8) + [0]
    for index in 0..<count where section(index, 4, 4) == 2 {
      guard let offset = section(index, is64 ? 24 : 16, word),
        let bytes = section(index, is64 ? 32 : 20, word),
        let strings = section(index, is64 ? 40 : 24, 4),
        let names = section(strings, is64 ? 24 : 16, word)
      else { continue }
      let stride = is64 ? 24 : 16
      for number in 0..<min(Int(clamping: bytes), file.count) / stride {
        let symbol = Int(clamping: offset) &+ number * stride
        guard let text = fields.integer(symbol, 4) else { break }
        let start = Int(clamping: names &+ text)
        guard start <= file.count - wanted.count, start >= 0 else { continue }
        if file[start..<start + wanted.count].elementsEqual(wanted) {
          return fields.integer(symbol + (is64 ? 8 : 4), word)
        }
      }
    }
    return nil
  }
}

/// Little-endian integers in a file; `nil` past its end.
private struct Fields {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  func integer(_ offset: Int, _ width: Int) -> UInt64? {
    guard offset >= 0, offset <= bytes.count - width else { return nil }
    return bytes[offset..<offset + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// FNV-1a, 64 bits.
func fnv1a(_ bytes: some Sequence<UInt8>, from start: UInt64 = 0xCBF2_9CE4_8422_2325) -> UInt64 {
  bytes.reduce(start) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
}
