import Testing
import VMProtocol

@Suite struct VMControlTests {
  static let controls: [(VMControl, UInt8, VMCapabilities)] = [
    (.clearAttention, 0x00, .attention),
    (.attention, 0x01, .attention),
    (.attentionWithInterrupt, 0x02, .attention),
    (.powerOff, 0x03, .powerOff),
    (.reset, 0x04, .reset),
    (.enableInterrupts, 0x05, .interrupts),
    (.disableInterrupts, 0x06, .interrupts),
    (.nmi, 0x07, .nmi),
    (.capabilities, 0x08, []),
    (.gracefulShutdown, 0x09, .gracefulShutdown),
    (.disableInterface, 0x0A, .interfaceEnable),
    (.enableInterface, 0x0B, .interfaceEnable),
    (.version, 0xFF, []),
  ]

  @Test(arguments: controls)
  func hasTheCodeAndNeedsTheCapability(
    control: VMControl, code: UInt8, capability: VMCapabilities
  ) {
    #expect(control.rawValue == code)
    #expect(control.requiredCapability == capability)
  }

  @Test func unknownCodesNeedNoCapability() {
    let known = Set(Self.controls.map(\.1))
    for code in UInt8.min...UInt8.max where !known.contains(code) {
      #expect(VMControl(rawValue: code).requiredCapability.isEmpty)
    }
  }

  @Test func capabilitiesAreTheBitsOfTheWire() {
    let bits: [VMCapabilities] = [
      .powerOff, .reset, .interrupts, .nmi, .attention, .gracefulShutdown, .interfaceEnable,
    ]
    #expect(bits.map(\.rawValue) == [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40])
    let qemu: VMCapabilities = [
      .powerOff, .reset, .interrupts, .nmi, .attention, .gracefulShutdown,
    ]
    #expect(qemu.rawValue == 0x3F)
  }

  @Test func everyCodeAndArgumentSurvivesTheWire() {
    var decoder = VMDecoder(role: .vm)
    for code in UInt8.min...UInt8.max {
      let arguments: [UInt8?] = [nil] + (UInt8.min...UInt8.max).map(Optional.some)
      let events = arguments.map {
        VMEvent.control(VMControl(rawValue: code), argument: $0)
      }
      let bytes = arguments.flatMap { argument in
        wire(raw: [code] + (argument.map { [$0] } ?? []), terminator: 0xA1)
      }
      #expect(decoder.events(bytes) == events)
      #expect(encoded(events) == bytes)
    }
  }

  @Test(arguments: [3, 4, 302, 303, 10_000])
  func bytesBehindTheArgumentAreIgnored(count: Int) {
    var decoder = VMDecoder(role: .vm)
    let raw: [UInt8] = [0x08, 0x3F] + [UInt8](repeating: 0x05, count: count - 2)
    #expect(
      decoder.events(wire(raw: raw, terminator: 0xA1))
        == [.control(.capabilities, argument: 0x3F)])
    #expect(decoder.events(hex("05 A1")) == [.control(.enableInterrupts, argument: nil)])
  }
}
