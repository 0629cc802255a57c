import CBoard
import Firmware
import IPMI

/// Nuvoton NPCM750 evaluation board: two Cortex-A9.
struct NPCM750EVB: Board {
  let name: StaticString = "npcm750-evb"
  let product: UInt16 = 0x0750
  let guid: FixedBytes<16> = [
    0x50, 0x07, 0xE1, 0xB0, 0x4E, 0x50, 0x9C, 0x8A, 0x4D, 0x47, 0x2B, 0x7A, 0x1C, 0x3F, 0x05, 0xD6,
  ]
  let console = Console(base: 0xF000_1000)
  let interrupts = GIC(distributor: 0xF03F_F000, processor: 0xF03F_E100)
  /// 100 MHz in QEMU, measured against the clock on the wall.
  let timer = CortexA9GlobalTimer(base: 0xF03F_E200, nanosecondsPerTick: 10)
  let input = NPCM7xxADC(base: 0xF000_C000, input: 0)
  let postCodes = NPCM7xxPostCodes(module: 0xF000_7000)
  /// GPIO96 to GPIO99.
  let hostLines = NPCM7xxHostControl(base: 0xF001_3000, firstPin: 0)
  let kcsChannels = 1...3

  func kcs(_ number: Int) -> NPCM7xxKCS {
    NPCM7xxKCS(module: 0xF000_7000, channel: number)
  }

  /// The boot ROM has core 1 clear GCR SCRPAD, then wait for an address there. Emulators, where WFE
  /// does not sleep, would burn a processor on that.
  func parkOtherCores() {
    guard load32(0xF080_013C) != park_address() else { return }
    store32(0xF080_013C, park_address())
    send_event()
  }

  /// Has watchdog 0 expire as soon as it can. WTCR: WTE bit 7, WTRE bit 1, WTR bit 0.
  func restart() {
    store32(0xF000_801C, 1 << 7 | 1 << 1 | 1 << 0)
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
