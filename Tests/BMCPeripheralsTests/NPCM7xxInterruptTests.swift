import TestSupport
import Testing

@testable import BMCPeripherals
@testable import SystemInterfaces

@Suite struct NPCM7xxInterruptTests {
  typealias Register = NPCM7xxKCS.Register

  static func offset(_ channel: Int, _ register: Register) -> Int {
    0x0C + (channel - 1) * 0x12 + register.offset
  }

  static func module() -> NPCM7xxHostInterface {
    var module = NPCM7xxHostInterface()
    for channel in 1...3 {
      module[channel: channel].channel.enables.insert(.hostDecode)
    }
    return module
  }

  /// The defect of the older model: reading DI of one channel dropped the line of all.
  @Test func readingOneChannelKeepsTheOthersInterrupt() {
    var module = Self.module()
    for channel in 1...3 {
      module.write(0x01, to: Self.offset(channel, .control), width: 1)
      module[channel: channel].channel.hostWriteCommand(0x61)
    }
    for channel in 1...3 {
      #expect(module.interrupt)
      #expect(module.read(Self.offset(channel, .dataIn), width: 1) == 0x61)
    }
    #expect(!module.interrupt)
  }

  /// Every combination of IBF, OBF, IBFIE and OBEIE on every channel.
  @Test(arguments: 1...3) func theLineIsIBFOrEmptyOBF(channel: Int) {
    for bits in 0..<16 {
      let (ibf, obf) = (bits & 1 != 0, bits & 2 != 0)
      let (ibfie, obeie) = (bits & 4 != 0, bits & 8 != 0)
      var module = Self.module()
      if ibf { module[channel: channel].channel.hostWriteData(1) }
      if obf { module.write(1, to: Self.offset(channel, .dataOut), width: 1) }
      module.write(
        (ibfie ? 1 : 0) | (obeie ? 2 : 0), to: Self.offset(channel, .control), width: 1)
      #expect(module.interrupt == (ibf && ibfie || !obf && obeie))
    }
  }

  @Test func obeieWithAnEmptyBufferAssertsAtOnceAndEndsWithAWriteOfDO() {
    var module = Self.module()
    module.write(0x02, to: Self.offset(2, .control), width: 1)
    #expect(module.interrupt)
    module.write(0xAB, to: Self.offset(2, .dataOut), width: 1)
    #expect(!module.interrupt)
    #expect(module[channel: 2].channel.hostReadData() == 0xAB)
    #expect(module.interrupt)
  }

  @Test func aBMCReadOfDOHasNoSideEffect() {
    var module = Self.module()
    module.write(0xAB, to: Self.offset(1, .dataOut), width: 1)
    for register in [Register.dataOut, .dataOutSCI, .dataOutSMI] {
      #expect(module.read(Self.offset(1, register), width: 1) == 0)
    }
    #expect(module.read(Self.offset(1, .status), width: 1) == 0x01)
  }

  @Test func aBMCWriteOfDIHasNoSideEffect() {
    var module = Self.module()
    module[channel: 1].channel.hostWriteData(0x55)
    for register in [Register.dataIn, .dataInSCI] {
      module.write(0xFF, to: Self.offset(1, register), width: 1)
    }
    #expect(module.read(Self.offset(1, .status), width: 1) == 0x02)
    #expect(module.read(Self.offset(1, .dataIn), width: 1) == 0x55)
  }

  /// IE against OBF and IRQB: the host IRQ follows OBF only where the hardware drives it.
  @Test func hostIRQFollowsOBFOrIRQB() {
    for bits in 0..<16 {
      let (enable, hardware) = (bits & 1 != 0, bits & 2 != 0)
      let (level, obf) = (bits & 4 != 0, bits & 8 != 0)
      var module = Self.module()
      module.write(
        (enable ? 0x01 : 0) | (hardware ? 0x08 : 0), to: Self.offset(3, .interruptEnable), width: 1)
      module.write(level ? 0x01 : 0, to: Self.offset(3, .interruptControl), width: 1)
      if obf { module.write(1, to: Self.offset(3, .dataOut), width: 1) }
      let lines = module[channel: 3].hostLines
      #expect(lines.contains(.irq) == (enable && (hardware ? obf : level)))
      #expect(module[channel: 3].channel.hostInterrupt == (enable && hardware && obf))
    }
  }

  /// Linux sets HIRQE and IRQE at probe; from then on the host IRQ is OBF.
  @Test func linuxProbeEnablesTheHostIRQ() {
    var module = Self.module()
    module.write(0x09, to: Self.offset(1, .interruptEnable), width: 1)
    #expect(module[channel: 1].channel.enables.contains(.outputBufferFullInterrupt))
    module.write(0, to: Self.offset(1, .interruptEnable), width: 1)
    #expect(!module[channel: 1].channel.enables.contains(.outputBufferFullInterrupt))
    #expect(module[channel: 1].channel.enables.contains(.hostDecode))
  }

  /// The driver enables the host IRQ before anyone uses it: what earlier firmware left interrupts.
  @Test func aByteLeftInODRInterruptsTheHostOnceIEIsWritten() {
    for channel in 1...2 {
      var module = Self.module()
      module.write(0x5A, to: Self.offset(channel, .dataOut), width: 1)
      #expect(module[channel: channel].hostLines == [])
      module.write(0x09, to: Self.offset(channel, .interruptEnable), width: 1)
      #expect(module[channel: channel].hostLines == .irq)
      #expect(module[channel: channel].channel.hostReadData() == 0x5A)
      #expect(module[channel: channel].hostLines == [])
    }
  }

  @Test func docRequestsAnSCIUntilTheHostReads() {
    var module = Self.module()
    module.write(0x12, to: Self.offset(1, .interruptEnable), width: 1)
    module.write(0x5A, to: Self.offset(1, .dataOutSCI), width: 1)
    #expect(module[channel: 1].hostLines == .sci)
    #expect(module[channel: 1].channel.hostReadData() == 0x5A)
    #expect(module[channel: 1].hostLines == [])
    module.write(0x5B, to: Self.offset(1, .dataOut), width: 1)
    #expect(module[channel: 1].hostLines == [])
  }

  @Test func domRequestsAnSMIUntilTheHostReads() {
    var module = Self.module()
    module.write(0x24, to: Self.offset(1, .interruptEnable), width: 1)
    module.write(0x5A, to: Self.offset(1, .dataOutSMI), width: 1)
    #expect(module[channel: 1].hostLines == .smi)
    #expect(module[channel: 1].channel.hostReadData() == 0x5A)
    #expect(module[channel: 1].hostLines == [])
    module.write(0x5B, to: Self.offset(1, .dataOut), width: 1)
    #expect(module[channel: 1].hostLines == [])
  }

  @Test func dicRequestsAnSCIUntilTheHostWrites() {
    var module = Self.module()
    module.write(0x12, to: Self.offset(1, .interruptEnable), width: 1)
    module[channel: 1].channel.hostWriteData(0x77)
    #expect(module[channel: 1].hostLines == [])
    #expect(module.read(Self.offset(1, .dataInSCI), width: 1) == 0x77)
    #expect(module[channel: 1].hostLines == .sci)
    module[channel: 1].channel.hostWriteData(0x78)
    #expect(module[channel: 1].hostLines == [])
    #expect(module.read(Self.offset(1, .dataIn), width: 1) == 0x78)
    #expect(module[channel: 1].hostLines == [])
  }

  @Test func sciisRequestsAnSCIOnlyWhileIBFIsClear() {
    for ibf in [false, true] {
      var module = Self.module()
      module.write(0x12, to: Self.offset(1, .interruptEnable), width: 1)
      if ibf { module[channel: 1].channel.hostWriteData(1) }
      module.write(0x80, to: Self.offset(1, .interruptControl), width: 1)
      #expect(module[channel: 1].hostLines.contains(.sci) == !ibf)
      #expect(module.read(Self.offset(1, .interruptControl), width: 1) == 0)
    }
  }

  @Test func firmwareDrivesSCIAndSMIDirectly() {
    var module = Self.module()
    module.write(0x06, to: Self.offset(1, .interruptEnable), width: 1)
    module.write(0x04, to: Self.offset(1, .interruptControl), width: 1)
    #expect(module[channel: 1].hostLines == .sci)
    module.write(0x02, to: Self.offset(1, .interruptControl), width: 1)
    #expect(module[channel: 1].hostLines == .smi)
  }

  /// The boot block's warm-boot sequence, on registers that survived the reset.
  @Test func warmBootSequenceSilencesTheModule() {
    var module = Self.module()
    for channel in 1...3 {
      module.write(0x03, to: Self.offset(channel, .control), width: 1)
      module.write(0x09, to: Self.offset(channel, .interruptEnable), width: 1)
      module[channel: channel].channel.hostWriteCommand(0x61)
    }
    for channel in 1...3 {
      module.write(0, to: Self.offset(channel, .interruptEnable), width: 1)
      let control = module.read(Self.offset(channel, .control), width: 1)
      module.write(control & ~0x03, to: Self.offset(channel, .control), width: 1)
    }
    #expect(!module.interrupt)
    #expect(module[channel: 1].channel.str.contains(.inputBufferFull))
  }

  /// Any access pattern from the guest has a defined answer, and the module works afterwards.
  @Test func randomAccessesNeverTrapAndTheLinkStillWorks() {
    var random = SplitMix64(seed: 0x4E50_434D_3735_3000)
    var module = Self.module()
    for _ in 0..<2_000_000 {
      let draw = random.next()
      let offset = Int(draw % 0x60)
      let width = [1, 1, 1, 1, 1, 2, 4, 8][Int(draw >> 8 & 7)]
      let channel = Int((draw >> 16) % 3) + 1
      switch draw >> 24 & 3 {
      case 0: _ = module.read(offset, width: width)
      case 1: module.write(draw >> 32, to: offset, width: width)
      case 2: module[channel: channel].channel.hostWriteCommand(UInt8(draw >> 40 & 0xFF))
      default: _ = module[channel: channel].channel.hostReadData()
      }
    }
    for channel in 1...3 {
      module.write(0x01, to: Self.offset(channel, .control), width: 1)
      _ = module.read(Self.offset(channel, .dataIn), width: 1)
    }
    #expect(!module.interrupt, "\(random)")
    module[channel: 2].channel.hostWriteCommand(0x61)
    #expect(module.interrupt)
    #expect(module.read(Self.offset(2, .dataIn), width: 1) == 0x61)
  }
}
