import CBoard

/// Pins I0 to I3 of an ASPEED BMC: power button, reset and NMI are outputs, power good is an input;
/// all are active low.
///
/// Registers as in Linux `gpio-aspeed`.
public struct AspeedHostControl: HostControlPort {
  /// The address of the GPIO controller.
  let base: UInt

  private enum Register {
    /// Levels of the pins of groups I to L, and what outputs drive.
    static let data: UInt = 0x70
    /// 1: output.
    static let direction: UInt = 0x74
  }

  public init(base: UInt) {
    self.base = base
  }

  public func start() {
    change(Register.data, set: 0b0111)
    change(Register.direction, set: 0b0111, clear: 0b1000)
    // The data of a pin that has just become an output is driven when it is written.
    change(Register.data, set: 0b0111)
  }

  public func set(_ line: HostControlLine, asserted: Bool) {
    let pin: UInt32 = 1 << line.index
    change(Register.data, set: asserted ? 0 : pin, clear: asserted ? pin : 0)
  }

  public var powerIsGood: Bool { load32(base + Register.data) & 0b1000 == 0 }

  private func change(_ register: UInt, set: UInt32, clear: UInt32 = 0) {
    store32(base + register, load32(base + register) & ~clear | set)
  }
}
