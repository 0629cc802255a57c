import CBoard

/// The vectored interrupt controller of AST2400 and AST2500: 51 lines, the lowest first.
///
/// Whether a line is level- or edge-sensitive is as the hardware has it. Registers as in Linux
/// `irq-aspeed-vic`: those from 80h on, two words each, one bit per line.
public struct AspeedVIC: InterruptController {
  /// The address of the controller.
  let base: UInt

  private enum Register {
    /// Lines that are enabled and pending.
    static let status: UInt = 0x80
    /// Lines that are FIQ rather than IRQ.
    static let selection: UInt = 0x98
    static let enable: UInt = 0xA0
    static let enableClear: UInt = 0xA8
    /// Ends what an edge began.
    static let edgeClear: UInt = 0xD8
  }

  public init(base: UInt) {
    self.base = base
  }

  /// A line, by its number in device trees.
  public static func line(_ number: UInt32) -> InterruptLine {
    InterruptLine(number: number, id: number)
  }

  public func start() {
    stop()
    for word in 0..<2 as Range<UInt> {
      store32(base + Register.selection + 4 * word, 0)
      store32(base + Register.edgeClear + 4 * word, 0xFFFF_FFFF)
    }
  }

  public func stop() {
    for word in 0..<2 as Range<UInt> {
      store32(base + Register.enableClear + 4 * word, 0xFFFF_FFFF)
    }
  }

  public func enable(_ line: InterruptLine) {
    write(line.id, to: Register.enable)
  }

  /// An edge is forgotten before its device is served, so that the next one counts.
  public func acknowledge() -> UInt32? {
    for word in 0..<2 as Range<UInt32> {
      let pending = load32(base + Register.status + 4 * UInt(word))
      guard pending != 0 else { continue }
      let id = 32 * word + UInt32(pending.trailingZeroBitCount)
      write(id, to: Register.edgeClear)
      return id
    }
    return nil
  }

  public func complete(_ id: UInt32) {}

  private func write(_ id: UInt32, to register: UInt) {
    store32(base + register + UInt(id / 32) * 4, 1 << (id % 32))
  }
}
