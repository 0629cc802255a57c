import IPMI
import Testing
import Tracing

@Suite struct GoldenTests {
  @Test func pcapng() throws {
    let made = file(PcapngWriter(), Sample.events)
    #expect(try made == Golden.bytes("sample.pcapng", madeFrom: made))
  }

  @Test func waveform() throws {
    let made = file(WaveformWriter(), Sample.events)
    let golden = try Golden.bytes("sample.vcd", madeFrom: made)
    #expect(String(decoding: made, as: UTF8.self) == String(decoding: golden, as: UTF8.self))
  }

  @Test func jsonLines() throws {
    let made = file(JSONLinesWriter(), Sample.events)
    let golden = try Golden.bytes("sample.jsonl", madeFrom: made)
    #expect(String(decoding: made, as: UTF8.self) == String(decoding: golden, as: UTF8.self))
  }

  @Test(arguments: [
    (TraceEvent.Occurrence.request(id: 1, Sample.deviceID), "Get Device ID"),
    (
      .response(id: 1, Sample.message([0x1C, 0x01, 0xC3])), "Get Device ID: C3h time-out"
    ),
    (
      .request(id: 1, Sample.message([0xC0, 0x99, 1, 2])), "NetFn 30h command 99h [01 02]"
    ),
    (.response(id: 1, Sample.message([0x1C, 0x01])), "Get Device ID: no completion code"),
    (
      .registers(.kcs(idr: 1, odr: 2, str: 0x4D)),
      "READ, STR 4Dh (OBF SMS_ATN C/D), IDR 01h, ODR 02h"
    ),
    (
      .registers(.bt(control: 0x48, interruptMask: 1)),
      "BT_CTRL 48h (B2H_ATN H_BUSY), BT_INTMASK 01h"
    ),
    (.access(RegisterAccess(.host, .odr, isWrite: false, 9)), "host reads ODR 09h"),
    (.control(from: .bmc, code: 3, argument: nil), "BMC: power off"),
    (.control(from: .host, code: 8, argument: 0x3F), "host: capabilities 3Fh"),
    (.damaged(from: .bmc, .danglingEscape), "damaged frame from BMC: ends within an escape"),
    (.fault(FixedBytes("response dropped"), rule: 3), "fault: response dropped (rule 3)"),
    (.fault(FixedBytes("host abort"), rule: 0), "fault: host abort"),
  ])
  func inWords(_ occurrence: TraceEvent.Occurrence, _ expected: String) {
    var text: FixedBytes<200> = []
    occurrence.describe(to: &text)
    #expect(text.text == expected)
  }

  @Test(
    arguments: [
      (0, "0 ns"), (999, "999 ns"), (1_000, "1.0 us"), (212_345, "212.3 us"),
      (1_000_000, "1.00 ms"),
      (999_999_999, "999.99 ms"), (61_234_567_890, "61.234 s"),
    ] as [(UInt64, String)])
  func durations(_ duration: UInt64, _ expected: String) {
    var text: FixedBytes<40> = []
    text.append(duration: duration)
    #expect(text.text == expected)
  }
}
