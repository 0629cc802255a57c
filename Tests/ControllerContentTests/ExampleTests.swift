import Foundation
import IPMI
import ManagementController
import Testing

@testable import ControllerContent

/// The commented example, which is also the reference of the keys.
@Suite struct ExampleTests {
  @Test func `the controller answers what the example says`() throws {
    var controller = try Example.content().makeController()
    #expect(
      controller.ask(.getDeviceID)
        == [0, 0x20, 0x01, 0x01, 0x05, 0x02, 0x8F, 0xF2, 0x1B, 0, 0, 1, 0, 0, 0, 0])
    // The last byte of the text first.
    #expect(controller.ask(.getDeviceGUID)[1...4] == [0xB4, 0xA9, 0xF0, 0xD2])
    #expect(controller.ask(.getChassisStatus)[1] == 0x21)

    #expect(controller.ask(.getSensorReading, [1]) == [0, 41, 0xC0, 0xC0])
    #expect(controller.ask(.getSensorThresholds, [1]) == [0, 0x38, 0, 0, 0, 85, 95, 105])
    #expect(controller.ask(.getSensorThresholds, [2]) == [0, 0x12, 0, 0xFB, 0, 0, 45, 0])
    #expect(controller.ask(.getSensorReading, [3]) == [0, 191, 0xC0, 0xC0])
    #expect(controller.ask(.getSensorReading, [10]) == [0, 0, 0xC0, 0x01, 0x80])
    // The watchdog, the SEL and the host's power.
    #expect(controller.ask(.getSensorReading, [13])[3] == 0x01)
    #expect(controller.ask(.setWatchdogTimer, [4, 1, 0, 0, 1, 0]) == [0])
    #expect(controller.ask(.resetWatchdogTimer) == [0])
    #expect(controller.ask(.getSensorReading, [11], now: 1_000_000_000)[3] == 0x02)

    let names = controller.records().map { String(decoding: $0.suffix(3), as: UTF8.self) }
    #expect(names.prefix(9) == ["emp", "emp", "12V", "tus", "dog", "SEL", "wer", "BMC", "ard"])
    #expect(controller.records().count == 11)
    #expect(controller.records()[2][11] == 0x58)
    #expect(controller.inventory(0).count == 1024)
    #expect(String(decoding: controller.inventory(0), as: UTF8.self).contains("Server 100"))
    #expect(String(decoding: controller.inventory(1), as: UTF8.self).contains("PSU 800 W"))
    #expect(controller.ask(.getFRUInventoryAreaInfo, [2]) == [0xCB])

    let log = controller.events()
    #expect(log.count == 3)
    // 2026-03-14 10:00:00 UTC.
    #expect(
      log[0] == [1, 0, 2, 0xA0, 0x31, 0xB5, 0x69, 0x20, 0, 4, 0x22, 13, 0x6F, 0, 0xFF, 0xFF])
    #expect(log[1][10...] == [1, 1, 1, 0x57, 0x56, 0x55])
    // What it shows at first is no event; the watchdog's is.
    #expect(log[2][11] == 11)
  }

  @Test func `every key is in the example`() throws {
    let text = try Example.text()
    let keys = [
      "identity", "power", "sdr", "fru-area-size", "fru", "log", "device-id", "device-revision",
      "firmware", "manufacturer", "product", "guid", "restore", "sensor", "number", "type",
      "entity",
      "record", "unit", "format", "conversion", "nominal", "normal", "thresholds", "hysteresis",
      "reading", "states", "deassertion-events", "asserted", "controller", "device", "bytes",
      "chassis", "board", "made", "part", "serial", "custom", "name", "version", "asset", "time",
      "event-type", "data",
    ]
    for key in keys { #expect(text.contains("\(key):"), "\(key)") }
  }

  @Test func `what is written of it is read as the same`() throws {
    let content = try Example.content()
    #expect(try ControllerContent(yaml: content.yaml, file: "again") == content)
    #expect(content.yaml.contains(#"  - sensor: "CPU Temp""#))
    // Only the record that has no meaning is written as bytes.
    #expect(content.yaml.components(separatedBy: "bytes:").count == 2)
  }

  @Test(arguments: [
    ("../../Sources/ControllerContent/ControllerContent.docc/ControllerContent.md", 2),
    ("../../README.md", 1),
  ])
  func `what the articles show is content`(file: String, records: Int) throws {
    let article = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent(file)
    let blocks = try String(contentsOf: article, encoding: .utf8).components(separatedBy: "```")
    let yaml = try #require(blocks.first { $0.hasPrefix("yaml\n") }?.dropFirst(5))
    let content = try ControllerContent(yaml: String(yaml), file: file)
    #expect(content.records.count == records && content.inventories.count == 1)
    #expect(throws: Never.self) { try content.makeController() }
  }
}
