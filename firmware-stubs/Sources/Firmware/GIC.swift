import CBoard

/// Generic Interrupt Controller, version 1 or 2, as in Cortex-A7 and Cortex-A9 clusters.
///
/// All lines have the same priority and go to processor 0. ARM IHI 0048, chapter 4.
public struct GIC: InterruptController {
  /// The address of the distributor's registers.
  let distributor: UInt
  /// The address of the processor's own registers.
  let processor: UInt

  /// Registers of the distributor.
  private enum Distributor {
    /// GICD_CTLR: control.
    static let control: UInt = 0x000
    /// GICD_TYPER: type; bits 4:0 hold the number of lines in units of 32, less one.
    static let type: UInt = 0x004
    /// GICD_ISENABLERn: set-enable, one bit per line.
    static let setEnable: UInt = 0x100
    /// GICD_ICENABLERn: clear-enable, one bit per line.
    static let clearEnable: UInt = 0x180
    /// GICD_ITARGETSRn: target processors, one byte per line.
    static let targets: UInt = 0x800
  }

  /// Registers of the processor interface.
  private enum Processor {
    /// GICC_CTLR: control.
    static let control: UInt = 0x00
    /// GICC_PMR: only interrupts of a lower value than this are signalled.
    static let priorityMask: UInt = 0x04
    /// GICC_IAR: acknowledge; bits 9:0 hold the line.
    static let acknowledge: UInt = 0x0C
    /// GICC_EOIR: end of interrupt.
    static let endOfInterrupt: UInt = 0x10
  }

  /// What GICC_IAR returns when nothing is pending.
  private static let spurious: UInt32 = 1023

  public init(distributor: UInt, processor: UInt) {
    self.distributor = distributor
    self.processor = processor
  }

  /// SPI: a shared peripheral interrupt, by its number in device trees.
  public static func shared(_ number: UInt32) -> InterruptLine {
    InterruptLine(number: number, id: 32 + number)
  }

  /// PPI: an interrupt of this processor's own peripheral, by its number in device trees.
  public static func `private`(_ number: UInt32) -> InterruptLine {
    InterruptLine(number: number, id: 16 + number)
  }

  public func start() {
    let lines = (load32(distributor + Distributor.type) & 0x1F) + 1
    for word in 0..<UInt(lines) {
      store32(distributor + Distributor.clearEnable + 4 * word, 0xFFFF_FFFF)
    }
    store32(distributor + Distributor.control, 1)
    store32(processor + Processor.priorityMask, 0xFF)
    store32(processor + Processor.control, 1)
  }

  public func stop() {
    store32(processor + Processor.control, 0)
  }

  /// Switches one line on. Shared lines are level-sensitive out of reset, as all of ours are.
  public func enable(_ line: InterruptLine) {
    store8(distributor + Distributor.targets + UInt(line.id), 1 << 0)
    store32(distributor + Distributor.setEnable + UInt(line.id / 32) * 4, 1 << (line.id % 32))
  }

  public func acknowledge() -> UInt32? {
    let id = load32(processor + Processor.acknowledge) & 0x3FF
    return id == Self.spurious ? nil : id
  }

  public func complete(_ id: UInt32) {
    store32(processor + Processor.endOfInterrupt, id)
  }
}
