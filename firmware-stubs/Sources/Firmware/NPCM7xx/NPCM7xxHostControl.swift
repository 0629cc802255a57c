import CBoard

/// Four pins of a GPIO controller of an NPCM7xx: power button, reset and NMI are outputs, power good
/// is an input; all are active low.
///
/// Registers as in Linux `pinctrl-npcm7xx` and QEMU `npcm7xx_gpio`.
public struct NPCM7xxHostControl: HostControlPort {
  /// The address of the controller.
  let base: UInt
  /// The lowest of the four pins, in the order above.
  let firstPin: UInt32

  private enum Register {
    static let input: UInt = 0x04
    static let outputEnableSet: UInt = 0x70
    static let outputSet: UInt = 0x68
    static let outputClear: UInt = 0x6C
    static let inputEnable: UInt = 0x58
  }

  public init(base: UInt, firstPin: UInt32) {
    self.base = base
    self.firstPin = firstPin
  }

  public func start() {
    store32(base + Register.outputSet, 0b0111 << firstPin)
    store32(base + Register.outputEnableSet, 0b0111 << firstPin)
    store32(
      base + Register.inputEnable, load32(base + Register.inputEnable) | 0b1000 << firstPin)
  }

  public func set(_ line: HostControlLine, asserted: Bool) {
    let pin = firstPin + line.index
    store32(base + (asserted ? Register.outputClear : Register.outputSet), 1 << pin)
  }

  public var powerIsGood: Bool {
    load32(base + Register.input) & 0b1000 << firstPin == 0
  }
}
