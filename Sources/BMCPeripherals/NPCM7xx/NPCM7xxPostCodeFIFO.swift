import IPMI
import SystemInterfaces

/// BPC: the BIOS POST code FIFO of an NPCM7xx, which collects what the host writes to two ports.
///
/// | Offset | Name      | Access | Reset | Register                                            |
/// |-------:|-----------|--------|------:|-----------------------------------------------------|
/// |    42h | BPCFA2L   | RW     |   00h | Second port, low byte                               |
/// |    44h | BPCFA2M   | RW     |   00h | Second port, high byte                              |
/// |    46h | BPCFEN    | RW     |   00h | ``Enable``                                          |
/// |    48h | BPCFSTAT  | R      |   00h | ``Status``; reading clears FIFO_OF                  |
/// |    4Ah | BPCFDATA  | R      |   00h | The oldest byte, taken out; the last one when empty |
/// |    4Ch | BPCFMSTAT | RW1C   |   00h | Changes of host reset, VDD and ring: none here      |
/// |    4Eh | HIGLUE    | RW     |   00h | Glue of the host interface: kept                    |
/// |    50h | BPCFA1L   | RW     |   80h | First port, low byte                                |
/// |    52h | BPCFA1M   | RW     |   00h | First port, high byte                               |
/// |    54h | BPCSDR    | RW     |   00h | What a host reset is: kept                          |
///
/// All are 8 bits wide. Names and bits from Nuvoton's boot block (`npcm750_regs.h`), use from
/// Nuvoton's Linux driver `npcm7xx-lpc-bpc`, reset values and FIFO_OF from Google's QEMU model.
/// With DWCAPTURE the FIFO takes the four ports from the first one, as the bytes of a double word
/// come, and AD marks a byte to the first of them: the driver ends a word at the next AD. The
/// depth is not known; 16 is the one of the NPCX, a sister family.
public struct NPCM7xxPostCodeFIFO: PostCodeRegisters, Sendable {
  /// How many bytes the FIFO holds.
  public static let depth = 16

  /// The ten registers, by their place.
  public enum Register: Int, CaseIterable, Sendable {
    case address2Low, address2High, enable, status, data, miscellaneousStatus, glue
    case address1Low, address1High, source

    /// Bytes from the host interface module's first register.
    public var offset: Int { 0x42 + rawValue * 2 }
  }

  /// BPCFEN. Bits 5, 4, 1 and 0, interrupts of what is not modelled, are kept.
  public struct Enable: OptionSet, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// DWCAPTURE, bit 2: take double words from the first port, and nothing else.
    public static let doubleWord = Enable(rawValue: 1 << 2)
    /// FRIE, bit 3: interrupt the BMC while the FIFO holds a byte.
    public static let interrupt = Enable(rawValue: 1 << 3)
    /// ADDR2EN, bit 6: take what is written to the second port.
    public static let address2 = Enable(rawValue: 1 << 6)
    /// ADDR1EN, bit 7: take what is written to the first port.
    public static let address1 = Enable(rawValue: 1 << 7)
  }

  /// BPCFSTAT.
  public struct Status: OptionSet, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// AD, bit 0: BPCFDATA was written to the second port, or begins a double word.
    public static let address = Status(rawValue: 1 << 0)
    /// FIFO_OF, bit 5: a byte was lost, for the FIFO was full.
    public static let overflow = Status(rawValue: 1 << 5)
    /// FIFO_V, bit 7: BPCFDATA is valid.
    public static let valid = Status(rawValue: 1 << 7)
  }

  /// Bytes and their AD, from `first` on.
  private var bytes: [16 of UInt8] = .init(repeating: 0)
  private var marks: UInt16 = 0
  private var first = 0
  private var count = 0
  private var hasOverflown = false
  /// Registers that keep what is written; the others are 0.
  private var stored: [10 of UInt8] = .init(repeating: 0)

  /// The FIFO after power-on: empty, the first port 80h.
  public init() {
    stored[Register.address1Low.rawValue] = 0x80
  }

  /// Level of its interrupt.
  public var interrupt: Bool { count > 0 && enable.contains(.interrupt) }

  private var enable: Enable { Enable(rawValue: stored[Register.enable.rawValue]) }

  public func hasRoomForPostCode(port: UInt16) -> Bool {
    count < Self.depth || mark(ofPort: port) == nil
  }

  public mutating func postCode(port: UInt16, value: UInt8) {
    if let mark = mark(ofPort: port) { append(value, isMarked: mark) }
  }

  /// The AD of a byte that is written to `port`; `nil` where that is not watched.
  private func mark(ofPort port: UInt16) -> Bool? {
    let first = address(.address1High, .address1Low)
    if enable.contains(.doubleWord) { return port &- first < 4 ? port == first : nil }
    if enable.contains(.address1), port == first { return false }
    if enable.contains(.address2), port == address(.address2High, .address2Low) { return true }
    return nil
  }

  /// A BMC read.
  mutating func read(_ register: Register) -> UInt8 {
    switch register {
    case .status:
      var status: Status = hasOverflown ? .overflow : []
      hasOverflown = false
      if count > 0 {
        status.insert(.valid)
        if marks >> UInt16(first) & 1 != 0 { status.insert(.address) }
      }
      return status.rawValue
    case .data:
      guard count > 0 else { return stored[register.rawValue] }
      stored[register.rawValue] = bytes[first]
      first = (first + 1) % Self.depth
      count -= 1
      return stored[register.rawValue]
    default: return stored[register.rawValue]
    }
  }

  /// A BMC write. Read-only registers ignore it.
  mutating func write(_ value: UInt8, to register: Register) {
    switch register {
    case .status, .data, .miscellaneousStatus: break
    default: stored[register.rawValue] = value
    }
  }

  private mutating func append(_ value: UInt8, isMarked: Bool) {
    guard count < Self.depth else {
      hasOverflown = true
      return
    }
    let index = (first + count) % Self.depth
    bytes[index] = value
    marks = marks & ~(1 << UInt16(index)) | (isMarked ? 1 : 0) << UInt16(index)
    count += 1
  }

  private func address(_ high: Register, _ low: Register) -> UInt16 {
    UInt16(stored[high.rawValue]) << 8 | UInt16(stored[low.rawValue])
  }
}

extension NPCM7xxPostCodeFIFO: Restorable {
  public mutating func transfer(through stream: inout some StateStream) {
    for index in bytes.indices { stream.transfer(&bytes[index]) }
    stream.transfer(&marks)
    stream.transfer(&first, in: 0...Self.depth - 1)
    stream.transfer(&count, in: 0...Self.depth)
    stream.transfer(&hasOverflown)
    for index in stored.indices { stream.transfer(&stored[index]) }
  }
}
