import IPMI
import ManagementController
import Testing

/// A command and the data lengths it accepts.
struct CommandLength: Sendable, CustomTestStringConvertible {
  let command: Command
  let lengths: ClosedRange<Int>

  init(_ command: Command, _ lengths: ClosedRange<Int>) {
    self.command = command
    self.lengths = lengths
  }

  var testDescription: String { "\(command.netFn.rawValue)/\(command.code)" }

  static let all: [CommandLength] = [
    .init(.getChassisCapabilities, 0...0), .init(.getChassisStatus, 0...0),
    .init(.chassisControl, 1...1), .init(.chassisIdentify, 0...2),
    .init(.setPowerRestorePolicy, 1...1), .init(.getSystemRestartCause, 0...0),
    .init(.setSystemBootOptions, 1...6), .init(.getSystemBootOptions, 3...3),
    .init(.getPOHCounter, 0...0),
    .init(.getPEFCapabilities, 0...0), .init(.getPEFConfigurationParameters, 3...3),
    .init(.setLastProcessedEventID, 3...3), .init(.getLastProcessedEventID, 0...0),
    .init(.setPEFConfigurationParameters, 22...22),
    .init(.getEventReceiver, 0...0), .init(.platformEvent, 6...8),
    .init(.getSensorReadingFactors, 2...2), .init(.setSensorHysteresis, 4...4),
    .init(.getSensorHysteresis, 1...2), .init(.setSensorThresholds, 8...8),
    .init(.getSensorThresholds, 1...1), .init(.setSensorEventEnable, 2...6),
    .init(.getSensorEventEnable, 1...1), .init(.rearmSensorEvents, 2...6),
    .init(.getSensorEventStatus, 1...1), .init(.getSensorReading, 1...1),
    .init(.getSensorType, 1...1), .init(.setEventReceiver, 2...2), .init(.setSensorType, 3...3),
    .init(.setSensorReadingAndEventStatus, 3...10),
    .init(.getDeviceID, 0...0), .init(.coldReset, 0...0), .init(.warmReset, 0...0),
    .init(.getSelfTestResults, 0...0), .init(.setACPIPowerState, 2...2),
    .init(.getACPIPowerState, 0...0), .init(.getDeviceGUID, 0...0),
    .init(.resetWatchdogTimer, 0...0), .init(.setWatchdogTimer, 6...6),
    .init(.getWatchdogTimer, 0...0), .init(.setBMCGlobalEnables, 1...1),
    .init(.getBMCGlobalEnables, 0...0), .init(.clearMessageFlags, 1...1),
    .init(.getMessageFlags, 0...0), .init(.enableMessageChannelReceive, 2...2),
    .init(.getMessage, 0...0), .init(.sendMessage, 8...64),
    .init(.readEventMessageBuffer, 0...0), .init(.getBTInterfaceCapabilities, 0...0),
    .init(.getSystemGUID, 0...0), .init(.setChannelAccess, 3...3),
    .init(.getChannelAccess, 2...2), .init(.getChannelInfo, 1...1),
    .init(.getSystemInterfaceCapabilities, 1...1),
    .init(.getFRUInventoryAreaInfo, 1...1), .init(.readFRUData, 4...4),
    .init(.writeFRUData, 3...64), .init(.getSDRRepositoryInfo, 0...0),
    .init(.getSDRRepositoryAllocationInfo, 0...0), .init(.reserveSDRRepository, 0...0),
    .init(.getSDR, 6...6), .init(.addSDR, 5...64), .init(.partialAddSDR, 6...64),
    .init(.deleteSDR, 4...4), .init(.clearSDRRepository, 6...6),
    .init(.getSDRRepositoryTime, 0...0), .init(.setSDRRepositoryTime, 4...4),
    .init(.enterSDRRepositoryUpdateMode, 0...0), .init(.exitSDRRepositoryUpdateMode, 0...0),
    .init(.runInitializationAgent, 1...1), .init(.getSELInfo, 0...0),
    .init(.getSELAllocationInfo, 0...0), .init(.reserveSEL, 0...0), .init(.getSELEntry, 6...6),
    .init(.addSELEntry, 16...16), .init(.partialAddSELEntry, 6...64), .init(.deleteSELEntry, 4...4),
    .init(.clearSEL, 6...6),
    .init(.getSELTime, 0...0), .init(.setSELTime, 4...4), .init(.getSELTimeUTCOffset, 0...0),
    .init(.setSELTimeUTCOffset, 2...2),
  ]

  /// Known commands that are refused on purpose.
  static let refused: [Command] = [
    .getDeviceSDRInfo, .getDeviceSDR, .reserveDeviceSDRRepository,
    .getChannelAuthenticationCapabilities, .getUserAccess, .getLANConfigurationParameters,
  ]
}

@Suite struct DispatchTests {
  @Test(arguments: CommandLength.all)
  func aRequestThatIsTooShortOrTooLongGetsC7(entry: CommandLength) {
    for count in 0...70 {
      var controller = makeController()
      // Byte 0 makes a boot option of five bytes; it is a sensor or channel elsewhere.
      var data = [UInt8](repeating: 0, count: count)
      if entry.command == .setSystemBootOptions, count > 0 { data[0] = 5 }
      if entry.command.netFn == .sensorEvent, count > 0 { data[0] = SensorNumber.voltage }
      // The parameter with the most.
      if entry.command == .setPEFConfigurationParameters, count > 0 { data[0] = 6 }
      let code = controller.code(entry.command, data)
      if entry.command == .setSystemBootOptions {
        #expect((code == 0xC7) == (count != 1 && count != 6), "\(count) bytes")
      } else if entry.lengths.contains(count) {
        #expect(code != 0xC7 && code != 0xC1, "\(count) bytes")
      } else if count < entry.lengths.lowerBound || entry.lengths.upperBound < 64 {
        #expect(code == 0xC7, "\(count) bytes")
      }
    }
  }

  @Test func everyOtherCommandGetsC1() {
    let known = Set(CommandLength.all.map(\.command))
    #expect(known.count == CommandLength.all.count)
    #expect(known.isDisjoint(with: CommandLength.refused))
    var controller = makeController()
    for netFn in stride(from: UInt8(0), to: 0x40, by: 2) {
      for code in UInt8.min...UInt8.max {
        let command = Command(NetFn(rawValue: netFn), code)
        guard !known.contains(command) else { continue }
        if controller.code(command) != 0xC1 || controller.code(command, [0, 0, 0]) != 0xC1 {
          Issue.record("NetFn \(netFn), command \(code)")
        }
      }
    }
  }

  @Test func aResponseAsRequestGetsC1() throws {
    var controller = makeController()
    for netFn in stride(from: UInt8(1), to: 0x40, by: 2) {
      let bytes: FixedBytes<300> = [netFn << 2, 0x01]
      let request = try #require(Message(bytes))
      let response = controller.respond(to: request, now: 0)
      #expect(response.count == 3)
      #expect(response.completionCode == .invalidCommand)
    }
  }

  @Test(arguments: [LUN.oem1, .sms, .oem2])
  func anotherLUNGetsC2(lun: LUN) {
    var controller = makeController()
    for entry in CommandLength.all {
      let response = controller.respond(to: Message(entry.command, [], lun: lun), now: 0)
      #expect(response.completionCode == .invalidForLUN)
      #expect(response.lun == lun)
    }
  }

  /// A million requests in four runs, which go side by side.
  @Test(arguments: [0x1B31, 0x1B32, 0x1B33, 0x1B34] as [UInt64])
  func randomRequestsAlwaysGetAResponse(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var controller = makeController()
    var now: UInt64 = 0
    var successes = 0
    for round in 0..<250_000 {
      var bytes: [UInt8] = []
      if random.next() % 8 != 0 {
        // Mostly a command that exists, at a length that it has, and a low first byte.
        let entry = CommandLength.all[Int(random.next() % UInt64(CommandLength.all.count))]
        let spread = UInt64(entry.lengths.count)
        bytes.append(entry.command.netFn.rawValue << 2)
        bytes.append(entry.command.code)
        for _ in 0..<entry.lengths.lowerBound + Int(random.next() % spread) {
          let value = random.next()
          bytes.append(UInt8(truncatingIfNeeded: value & 0x100 != 0 ? value & 0x23 : value))
        }
      } else {
        // Any bytes, short more often than long.
        for _ in 0..<2 + random.next() % 299 % (1 + random.next() % 299) {
          bytes.append(UInt8(truncatingIfNeeded: random.next()))
        }
      }
      guard let request = Message(bytes.span) else {
        Issue.record("seed \(seed), round \(round): \(bytes.count) bytes")
        return
      }
      if random.next() % 8 == 0 { now &+= random.next() >> (20 + random.next() % 44) }
      switch random.next() % 64 {
      case 0:
        controller.update(
          sensor: SensorNumber.voltage, reading: UInt8(truncatingIfNeeded: random.next()), now: now)
      case 1:
        controller.set(
          sensor: UInt8(truncatingIfNeeded: random.next() & 0x2F),
          offset: UInt8(truncatingIfNeeded: random.next()), asserted: random.next() & 1 != 0,
          now: now)
      case 2: controller.powerIsOn.toggle()
      default: break
      }
      let response = controller.respond(to: request, now: now)
      guard response.netFn == request.netFn.response, response.command == request.command,
        response.count >= 3, response.count <= 300, response.lun == request.lun
      else {
        Issue.record("seed \(seed), round \(round): \(bytes) -> \(response.bytes)")
        return
      }
      if response.completionCode == .success { successes += 1 }
      if random.next() & 1 == 0 { _ = controller.takeActions() }
      if let deadline = controller.deadline, deadline <= now {
        Issue.record("seed \(seed), round \(round): deadline \(deadline) at \(now)")
        return
      }
    }
    // Otherwise the generator no longer reaches the handlers.
    #expect(successes > 25_000, "seed \(seed)")
  }
}
