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

  @Test func completionCodesHaveNames() {
    let names = (0...255).compactMap { CompletionCode(rawValue: $0).name?.description }
    #expect(names.count == 21 && Set(names).count == names.count)
    #expect(CompletionCode.success.name?.description == "completed normally")
    #expect(CompletionCode(rawValue: 0xC1).name?.description == "invalid command")
    // Of each command its own.
    #expect(CompletionCode(rawValue: 0x80).name == nil)
  }
}
