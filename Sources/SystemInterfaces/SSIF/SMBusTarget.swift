import IPMI

/// The bytes of one SMBus block transfer; at most 32. SMBus 2.0, section 5.5.7.
public typealias SMBusBlock = FixedBytes<32>

/// Who sends the bytes after a START.
public enum SMBusDirection: UInt8, Hashable, Sendable {
  /// The controller: R/W# is 0.
  case write = 0
  /// The target: R/W# is 1.
  case read = 1
}

/// A target as the wires of an SMBus reach it, bit for bit but for the clock.
public protocol SMBusTarget {
  /// The 7-bit address.
  var address: UInt8 { get }
  /// SMBALERT#, asserted or not.
  var alert: Bool { get }
  /// A START, or a repeated one, with the target's address. `false`: not acknowledged.
  mutating func start(_ direction: SMBusDirection, now: UInt64) -> Bool
  /// A byte from the controller. `false`: not acknowledged.
  mutating func write(_ byte: UInt8) -> Bool
  /// A byte for the controller; FFh where the target does not drive the bus.
  mutating func read() -> UInt8
  /// A STOP.
  mutating func stop(now: UInt64)
  /// A read of the alert response address, 0Ch: the target's address and direction bit 0, and
  /// SMBALERT# is released; `nil` where the target has not asserted it.
  mutating func alertResponse() -> UInt8?
}

/// What an SMBus controller does for ``SSIFHost``: whole transfers, to one target.
///
/// Any ``SMBusTarget`` can be reached so, and so can Linux's `i2c_smbus_…` functions.
public protocol SMBusController {
  /// SMBALERT#, asserted or not.
  var alert: Bool { get }
  /// Reads the alert response address; `nil` where no target answers.
  mutating func alertResponse() -> UInt8?
  /// Writes a block, with a PEC if asked. `false` where a byte was not acknowledged.
  mutating func writeBlock(
    _ command: UInt8, _ block: SMBusBlock, withPEC: Bool, now: UInt64
  ) -> Bool
  /// Reads a block, with a PEC if asked; `nil` where a byte was not acknowledged, the length is not
  /// 1 to 32 or the PEC is wrong.
  mutating func readBlock(_ command: UInt8, withPEC: Bool, now: UInt64) -> SMBusBlock?
}

extension SMBusTarget {
  /// Writes a block: START, address, command, count, bytes, PEC, STOP.
  public mutating func writeBlock(
    _ command: UInt8, _ block: SMBusBlock, withPEC: Bool, now: UInt64
  ) -> Bool {
    defer { stop(now: now) }
    var code = PacketErrorCode()
    code.append(address << 1)
    guard start(.write, now: now), send(command, &code),
      send(UInt8(truncatingIfNeeded: block.count), &code)
    else { return false }
    for index in 0..<block.count {
      guard send(block[index], &code) else { return false }
    }
    return !withPEC || write(code.value)
  }

  /// Reads a block: START, address, command, repeated START, address, count, bytes, PEC, STOP.
  public mutating func readBlock(_ command: UInt8, withPEC: Bool, now: UInt64) -> SMBusBlock? {
    readBlock(command, argument: nil, withPEC: withPEC, now: now)
  }

  /// Reads a block for whose command a byte is written, as ``SSIFCommand/readRetry`` needs it.
  public mutating func readBlock(
    _ command: UInt8, argument: UInt8?, withPEC: Bool, now: UInt64
  ) -> SMBusBlock? {
    defer { stop(now: now) }
    var code = PacketErrorCode()
    code.append(address << 1)
    guard start(.write, now: now), send(command, &code) else { return nil }
    if let argument, !send(argument, &code) { return nil }
    code.append(address << 1 | 1)
    guard start(.read, now: now) else { return nil }
    let count = receive(&code)
    guard (1...32).contains(count) else { return nil }
    var block: SMBusBlock = []
    for _ in 0..<count { block.append(receive(&code)) }
    return withPEC && read() != code.value ? nil : block
  }

  private mutating func send(_ byte: UInt8, _ code: inout PacketErrorCode) -> Bool {
    code.append(byte)
    return write(byte)
  }

  private mutating func receive(_ code: inout PacketErrorCode) -> UInt8 {
    let byte = read()
    code.append(byte)
    return byte
  }
}
