import IPMI
import Testing
import VMProtocol

/// Bytes captured from QEMU's `ipmi-bmc-extern` and from OpenIPMI's `ipmi_sim`.
@Suite struct GoldenVectorTests {
  static let toBMC: [StreamCase] = [
    StreamCase(
      "QEMU connects", hex("FF 01 A1 08 3F A1"),
      [.control(.version, argument: 1), .control(.capabilities, argument: 0x3F)]),
    StreamCase(
      "Get Device ID", hex("00 18 01 E7 A0"),
      [.message(id: 0, Message(.getDeviceID))]),
    StreamCase(
      "Set BMC Global Enables, checksum escaped", hex("01 18 2E 0F AA BA A0"),
      [.message(id: 1, message([0x18, 0x2E, 0x0F]))]),
  ]

  static let toVM: [StreamCase] = [
    StreamCase(
      "ipmi_sim greets", hex("FF 01 A1 00 A1"),
      [.control(.version, argument: 1), .control(.clearAttention, argument: nil)]),
    StreamCase(
      "Device ID", hex("07 1C 01 00 00 03 09 08 02 9F 91 12 00 02 0F 00 00 00 00 73 A0"),
      [
        .message(
          id: 7, message(hex("1C 01 00 00 03 09 08 02 9F 91 12 00 02 0F 00 00 00 00")))
      ]),
    StreamCase(
      "interrupts enabled before the response", hex("05 A1 08 1C 2E 00 AE A0"),
      [
        .control(.enableInterrupts, argument: nil),
        .message(id: 8, message([0x1C, 0x2E, 0x00])),
      ]),
    StreamCase(
      "interrupts disabled before the response", hex("06 A1 09 1C 2E 00 AD A0"),
      [
        .control(.disableInterrupts, argument: nil),
        .message(id: 9, message([0x1C, 0x2E, 0x00])),
      ]),
    StreamCase(
      "unknown command", hex("0A 1C 7F C1 9A A0"),
      [.message(id: 0x0A, message([0x1C, 0x7F, 0xC1]))]),
    StreamCase(
      "chassis status", hex("0D 04 01 00 01 00 00 ED A0"),
      [.message(id: 0x0D, message([0x04, 0x01, 0x00, 0x01, 0x00, 0x00]))]),
    StreamCase(
      "chassis reset", hex("04 A1 0E 04 02 00 EC A0"),
      [.control(.reset, argument: nil), .message(id: 0x0E, message([0x04, 0x02, 0x00]))]),
    StreamCase(
      "soft shutdown", hex("09 A1 0F 04 02 00 EB A0"),
      [
        .control(.gracefulShutdown, argument: nil),
        .message(id: 0x0F, message([0x04, 0x02, 0x00])),
      ]),
    StreamCase(
      "power down", hex("03 A1 10 04 02 00 EA A0"),
      [.control(.powerOff, argument: nil), .message(id: 0x10, message([0x04, 0x02, 0x00]))]),
  ]

  @Test func requestsDecodeHoweverTheyArrive() {
    verify(Self.toBMC, role: .bmc)
  }

  @Test func responsesDecodeHoweverTheyArrive() {
    verify(Self.toVM, role: .vm)
  }

  @Test(arguments: toBMC + toVM) func encodingGivesTheCapturedBytes(vector: StreamCase) {
    #expect(encoded(vector.events) == vector.bytes)
  }
}
