import CBoard
import Firmware
import IPMI

/// ASPEED AST2600 evaluation board: two Cortex-A7.
struct AST2600EVB: AspeedBoard {
  let name: StaticString = "ast2600-evb"
  let product: UInt16 = 0x2600
  let guid: FixedBytes<16> = [
    0x00, 0x26, 0xE1, 0xB0, 0x4E, 0x50, 0x9C, 0x8A, 0x4D, 0x47, 0x2B, 0x7A, 0x1C, 0x3F, 0x05, 0xD6,
  ]
  let interrupts = GIC(distributor: 0x4046_1000, processor: 0x4046_2000)
  /// 1 GHz in QEMU, measured against the clock on the wall.
  let timer = GenericTimer(nanosecondsPerTick: 1)
  let kcsLine = GIC.shared(140)
  let btLine = GIC.shared(143)
  let snoopLine = GIC.shared(144)
  let analogReference: UInt32 = 2500
}

nonisolated(unsafe) var firmware = Firmware(AST2600EVB())

@c(handle_interrupt) func handleInterrupt() {
  unsafe firmware.handleInterrupt()
}

@c(handle_fault) func handleFault(fault: UInt32, pc: UInt32, address: UInt32) {
  AST2600EVB().report(fault: fault, pc: pc, address: address)
}

unsafe firmware.start()
enable_interrupts()
while true {
  wait_for_interrupt()
}
