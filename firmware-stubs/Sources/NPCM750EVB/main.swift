import CBoard
import Firmware

/// Nuvoton NPCM750 evaluation board: two Cortex-A9.
struct NPCM750EVB: Board {
  let name: StaticString = "npcm750-evb"
  let console = Console(base: 0xF000_1000)
  let interrupts = GIC(distributor: 0xF03F_F000, processor: 0xF03F_E100)
  /// 100 MHz in QEMU, measured against the clock on the wall.
  let timer = CortexA9GlobalTimer(base: 0xF03F_E200, nanosecondsPerTick: 10)
  let input = NPCM7xxADC(base: 0xF000_C000, input: 0)
  let portCount = 3

  func port(_ number: Int) -> NPCM7xxKCS {
    NPCM7xxKCS(module: 0xF000_7000, channel: number)
  }

  /// Sends core 1 to sleep: the boot ROM has it wait, awake, for an address in GCR SCRPAD.
  func start() {
    store32(0xF080_013C, park_address())
    send_event()
  }
}

nonisolated(unsafe) var firmware = Firmware(NPCM750EVB())

@c(handle_interrupt) func handleInterrupt() {
  unsafe firmware.handleInterrupt()
}

@c(handle_fault) func handleFault(fault: UInt32, pc: UInt32, address: UInt32) {
  NPCM750EVB().report(fault: fault, pc: pc, address: address)
}

unsafe firmware.start()
enable_interrupts()
while true {
  wait_for_interrupt()
}
