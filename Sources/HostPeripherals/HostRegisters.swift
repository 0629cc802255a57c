import SystemInterfaces

/// The byte registers of a channel, numbered as a host's bus decodes them.
public protocol HostRegisters {
  /// How many registers there are.
  static var registerCount: Int { get }
  /// The host reads a register, `0..<registerCount`.
  mutating func hostRead(register: Int) -> UInt8
  /// The host writes a register, `0..<registerCount`.
  mutating func hostWrite(_ value: UInt8, register: Int)
}

/// | Register | Host reads | Host writes |
/// |---------:|------------|-------------|
/// |        0 | ODR        | IDR, C/D 0  |
/// |        1 | STR        | IDR, C/D 1  |
extension KCSChannel: HostRegisters {
  public static var registerCount: Int { 2 }

  public mutating func hostRead(register: Int) -> UInt8 {
    register == 0 ? hostReadData() : hostReadStatus().rawValue
  }

  public mutating func hostWrite(_ value: UInt8, register: Int) {
    if register == 0 { hostWriteData(value) } else { hostWriteCommand(value) }
  }
}

/// | Register | Host reads                | Host writes               |
/// |---------:|---------------------------|---------------------------|
/// |        0 | BT_CTRL                   | BT_CTRL                   |
/// |        1 | next byte of the response | next byte of the request  |
/// |        2 | BT_INTMASK                | BT_INTMASK                |
extension BTChannel: HostRegisters {
  public static var registerCount: Int { 3 }

  public mutating func hostRead(register: Int) -> UInt8 {
    switch register {
    case 0: hostReadControl().rawValue
    case 1: hostReadData()
    default: hostReadInterruptMask().rawValue
    }
  }

  public mutating func hostWrite(_ value: UInt8, register: Int) {
    switch register {
    case 0: hostWriteControl(BTControl(rawValue: value))
    case 1: hostWriteData(value)
    default: hostWriteInterruptMask(BTInterruptMask(rawValue: value))
    }
  }
}
