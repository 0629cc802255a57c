import BMCPeripherals
import RegisterLink
import SystemInterfaces
import TestSupport

/// Registers that are hammered by both sides of a link, and that are their own sequential model.
public protocol HammerTarget: LinkableRegisters, Sendable {
  /// The registers after power-on and what the BMC's firmware sets up once.
  static var prepared: Self { get }
  /// Where the host has ports: each of its accesses is to one.
  static var hostPorts: [UInt16] { get }
  /// What the BMC reaches: offset, bytes, and the bits that it writes.
  static var bmcRegisters: [(offset: Int, width: Int, writes: UInt32)] { get }
  /// The host's end of the link at a port.
  static func host<Memory: LinkMemory>(
    at port: UInt16, of memory: Memory
  ) -> any LinkedHostPorts
  /// The host reads a port, with nobody else about.
  mutating func hostRead(_ port: UInt16) -> UInt8
  /// The host writes a port, with nobody else about.
  mutating func hostWrite(_ value: UInt8, to port: UInt16)
  /// What tells two states apart.
  var key: [UInt64] { get }
}

/// The three channels of an NPCM7xx, the first two of which are used.
extension NPCM7xxHostInterface: HammerTarget {
  public static var prepared: Self {
    var registers = Self()
    registers.switchOnHosts()
    return registers
  }

  public static var hostPorts: [UInt16] { [0xCA2, 0xCA3, 0xCA8, 0xCA9] }

  public static var bmcRegisters: [(offset: Int, width: Int, writes: UInt32)] {
    [0x0C, 0x1E].flatMap { first in
      // ST, DO, DI, CTL.
      [(first, 1, 0xFF), (first + 2, 1, 0xFF), (first + 4, 1, 0), (first + 12, 1, 0x03)]
    }
  }

  private static func channel(_ port: UInt16) -> Int { port < 0xCA8 ? 1 : 2 }

  public static func host<Memory: LinkMemory>(
    at port: UInt16, of memory: Memory
  ) -> any LinkedHostPorts {
    let data: UInt16 = port & ~1
    return LinkedKCSPorts(memory, channel: channel(port), dataPort: data, statusPort: data + 1)
  }

  public mutating func hostRead(_ port: UInt16) -> UInt8 {
    var channel = self[shared: Self.channel(port)]
    defer { self[shared: Self.channel(port)] = channel }
    return port & 1 == 0 ? channel.hostReadData() : channel.hostReadStatus().rawValue
  }

  public mutating func hostWrite(_ value: UInt8, to port: UInt16) {
    var channel = self[shared: Self.channel(port)]
    if port & 1 == 0 { channel.hostWriteData(value) } else { channel.hostWriteCommand(value) }
    self[shared: Self.channel(port)] = channel
  }

  public var key: [UInt64] { [self[shared: 1].word, self[shared: 2].word] }
}

/// KCS3 and the iBT of an AST2600.
extension AspeedLPC: HammerTarget {
  public static var prepared: Self {
    var block = AspeedLPC(.ast2600)
    block.write(0x0C, to: 0x14, width: 4)  // LADR3
    block.write(0xA2, to: 0x18, width: 4)
    block.write(0x04, to: 0x10, width: 4)  // KCSENBL
    block.write(0x80, to: 0x00, width: 4)  // LPC3E
    block.write(0x00E4_000D, to: 0x140, width: 4)
    return block
  }

  public static var hostPorts: [UInt16] { [0xCA2, 0xCA3, 0xE4, 0xE5, 0xE5, 0xE6] }

  public static var bmcRegisters: [(offset: Int, width: Int, writes: UInt32)] {
    [
      (0x2C, 4, 0), (0x38, 4, 0xFF), (0x44, 4, 0xFF),  // IDR3, ODR3, STR3
      (0x00, 4, 0x80), (0x80, 4, 0x4000),  // LPC3E, IRQXE3
      (0x148, 4, 0xFFFF), (0x14C, 4, 0), (0x150, 4, 0xFF),  // events, pointers, BT_CTRL
      (0x154, 4, 0xFF), (0x154, 4, 0xFF), (0x158, 4, 0xFF),  // data, BT_INTMASK
    ]
  }

  public static func host<Memory: LinkMemory>(
    at port: UInt16, of memory: Memory
  ) -> any LinkedHostPorts {
    port < 0x100
      ? LinkedBTPorts(memory, base: 0xE4)
      : LinkedKCSPorts(memory, channel: 3, dataPort: 0xCA2, statusPort: 0xCA3)
  }

  public mutating func hostRead(_ port: UInt16) -> UInt8 { hostRead(port: port) ?? 0xFF }

  public mutating func hostWrite(_ value: UInt8, to port: UInt16) {
    hostWrite(value, port: port)
  }

  public var key: [UInt64] {
    var copy = self
    var key = [self[shared: 3].word, ibt.word]
    key += [copy.read(0x00, width: 4), copy.read(0x80, width: 4)]
    // What nobody can read any more tells nothing apart.
    let pointers = ibt.pointers
    for index in 0..<max(Int(pointers.hostWrite), Int(pointers.bmcWrite)) {
      key.append(UInt64(ibt[.hostToBMC, index]) | UInt64(ibt[.bmcToHost, index]) << 8)
    }
    return key
  }
}
