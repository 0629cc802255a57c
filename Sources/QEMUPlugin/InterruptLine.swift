import CQEMU

/// An input of an interrupt controller, QEMU's `qemu_irq`, and the level it was given last.
@safe struct InterruptLine {
  private let input: UnsafeMutableRawPointer
  var isHigh = false

  init(_ input: UnsafeMutableRawPointer) {
    unsafe self.input = input
  }

  mutating func drive(_ level: Bool) {
    guard level != isHigh else { return }
    isHigh = level
    unsafe qemu.qemu_set_irq(input, level ? 1 : 0)
  }
}
