import CBoard
import Firmware
import IPMI

/// ASPEED AST2500 evaluation board: ARM1176JZF-S.
struct AST2500EVB: AspeedBoard {
  let name: StaticString = "ast2500-evb"
  let product: UInt16 = 0x2500
  let guid: FixedBytes<16> = [
    0x00, 0x25, 0xE1, 0xB0, 0x4E, 0x50, 0x9C, 0x8A, 0x4D, 0x47, 0x2B, 0x7A, 0x1C, 0x3F, 0x05, 0xD6,
  ]
  let interrupts = AspeedVIC(base: 0x1E6C_0000)
  let timer = AspeedTimer(base: 0x1E78_2000, line: AspeedVIC.line(17))
  let kcsLine = AspeedVIC.line(8)
  let btLine = AspeedVIC.line(8)
  let snoopLine = AspeedVIC.line(8)
  let analogReference: UInt32 = 1800
}

nonisolated(unsafe) var firmware = Firmware(AST2500EVB())

@c(handle_interrupt) func handleInterrupt() {
  unsafe firmware.handleInterrupt()
}

@c(handle_fault) func handleFault(fault: UInt32, pc: UInt32, address: UInt32) {
  AST2500EVB().report(fault: fault, pc: pc, address: address)
}

unsafe firmware.start()
enable_interrupts()
while true {
  wait_for_interrupt()
}
