import IPMI
import Testing

@Suite struct CommandNameTests {
  /// Every request there can be: 32 even NetFns, 256 codes.
  static let all = (0..<32).flatMap { netFn in
    (0...255).map { Command(NetFn(rawValue: netFn << 1), UInt8($0)) }
  }

  @Test func noTwoCommandsHaveTheSameName() {
    let names = Self.all.compactMap(\.name?.description)
    #expect(names.count >= 72)
    #expect(Set(names).count == names.count)
  }

  @Test(arguments: [
    (Command(.app, 0x01), "Get Device ID"),
    (Command(.chassis, 0x01), "Get Chassis Status"),
    (Command(.sensorEvent, 0x2D), "Get Sensor Reading"),
    (Command(.storage, 0x43), "Get SEL Entry"),
    (Command(.transport, 0x02), "Get LAN Configuration Parameters"),
  ])
  func nameIsTheSpecifications(command: Command, name: String) {
    #expect(command.name?.description == name)
  }

  @Test func responseHasTheNameOfItsRequest() {
    #expect(Command(NetFn(rawValue: 0x07), 0x01).name?.description == "Get Device ID")
  }

  @Test func unknownCommandHasNoName() {
    #expect(Command(.app, 0xFE).name == nil)
    #expect(Command(NetFn(rawValue: 0x2E), 0x01).name == nil)
  }
}
