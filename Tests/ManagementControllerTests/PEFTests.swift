import IPMI
import ManagementController
import Testing

/// Platform event filtering: parameters, and filters that act.
@Suite struct PEFTests {
  private let set = Command.setPEFConfigurationParameters
  private let get = Command.getPEFConfigurationParameters

  /// A filter that matches every event, with these actions.
  private func filter(_ actions: UInt8) -> [UInt8] {
    [0x80, actions, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
      + [0, 0xFF, 0, 0, 0xFF, 0, 0, 0xFF, 0]
  }

  /// A controller whose first filters are these, and that acts on them.
  private func make(_ filters: [[UInt8]], control: UInt8 = 1) -> ManagementController {
    var controller = makeController()
    _ = controller.code(set, [1, control])
    _ = controller.code(set, [2, 0x3F])
    for (index, filter) in filters.enumerated() {
      #expect(controller.code(set, [6, UInt8(index + 1)] + filter) == 0)
    }
    return controller
  }

  /// An event from system software: sensor type 05h, sensor 77h, offset 3.
  private let event: [UInt8] = [0x41, 4, 0x05, 0x77, 0x6F, 0xA3, 0x12, 0x34]

  @Test func theCapabilitiesNameFourActionsAndSixteenFilters() throws {
    var controller = makeController()
    #expect(try controller.data(.getPEFCapabilities) == [0x51, 0x2E, 16])
    #expect(try controller.data(get, [5, 0, 0]) == [0x11, 16])
    #expect(try controller.data(get, [8, 0, 0]) == [0x11, 0])
    #expect(try controller.data(get, [11, 0, 0]) == [0x11, 0])
    #expect(try controller.data(get, [0x86, 0, 0]) == [0x11])
  }

  @Test func parametersAreKept() throws {
    var controller = makeController()
    #expect(controller.code(set, [1, 0xFF]) == 0)
    #expect(try controller.data(get, [1, 0, 0]) == [0x11, 0x03])
    #expect(controller.code(set, [2, 0xFF]) == 0)
    #expect(try controller.data(get, [2, 0, 0]) == [0x11, 0x2E])
    for number in UInt8(1)...16 {
      #expect(controller.code(set, [6, number] + filter(number)) == 0)
    }
    for number in UInt8(1)...16 {
      #expect(try controller.data(get, [6, number, 0]) == [0x11, number] + filter(number))
      #expect(controller.code(set, [7, number, 0x00]) == 0)
      #expect(try controller.data(get, [7, number, 0]) == [0x11, number, 0x00])
    }
    for number in [0, 17, 127] as [UInt8] {
      #expect(controller.code(set, [6, number] + filter(0)) == 0xCC)
      #expect(controller.code(get, [6, number, 0]) == 0xCC)
    }
    for selector in [5, 8, 11] as [UInt8] { #expect(controller.code(set, [selector, 0]) == 0x82) }
    for selector in [3, 4, 9, 10, 12, 13, 14, 127] as [UInt8] {
      #expect(controller.code(set, [selector, 0]) == 0x80)
      #expect(controller.code(get, [selector, 0, 0]) == 0x80)
    }
    #expect(controller.code(set, [6, 1] + filter(0).dropLast()) == 0xC7)
  }

  @Test func oneSetIsInProgressAtATime() throws {
    var controller = makeController()
    #expect(controller.code(set, [0, 1]) == 0)
    #expect(controller.code(set, [0, 1]) == 0x81)
    #expect(try controller.data(get, [0, 0, 0]) == [0x11, 1])
    #expect(controller.code(set, [0, 2]) == 0)
    #expect(try controller.data(get, [0, 0, 0]) == [0x11, 0])
    #expect(controller.code(set, [0, 3]) == 0xCC)
  }

  /// The actions of a filter, what the board is asked for, and why the host restarts.
  @Test(
    arguments: [
      (0x02, .powerDown, 0), (0x04, .hardReset, 8), (0x08, .powerCycle, 8),
      (0x20, .diagnosticInterrupt, 0), (0x3E, .powerDown, 0), (0x2C, .powerCycle, 8),
      (0x24, .hardReset, 8), (0x01, nil, 0), (0x10, nil, 0), (0x00, nil, 0),
    ] as [(UInt8, BoardAction?, UInt8)])
  func aMatchAsksForItsFirstAction(actions: UInt8, asked: BoardAction?, cause: UInt8) throws {
    var controller = make([filter(actions)])
    #expect(controller.code(.platformEvent, event) == 0)
    #expect(controller.takeActions() == (asked.map { [$0] } ?? []))
    #expect(try controller.data(.getSystemRestartCause)[0] == cause)
    #expect(try controller.readLog().count == 1)
  }

  /// An offset in the filter, a value there, and whether it still matches ``event``.
  @Test(
    arguments: [
      (0, 0x00, false), (4, 0x41, true), (4, 0x20, false), (5, 0x00, true), (5, 0x01, false),
      (6, 0x05, true), (6, 0x06, false), (7, 0x77, true), (7, 0x78, false), (8, 0x6F, true),
      (8, 0x01, false), (9, 0x08, true), (9, 0xF7, false), (10, 0x00, true),
    ] as [(Int, UInt8, Bool)])
  func eachFieldMustMatch(offset: Int, value: UInt8, matches: Bool) {
    var bytes = filter(0x04)
    bytes[offset] = value
    var controller = make([bytes])
    #expect(controller.code(.platformEvent, event) == 0)
    #expect(controller.takeActions() == (matches ? [.hardReset] : []))
  }

  /// AND mask, compare 1, compare 2, and whether event data 2, 12h, matches.
  @Test(
    arguments: [
      (0xFF, 0xFF, 0x12, true), (0xFF, 0xFF, 0x13, false), (0x0F, 0xFF, 0x02, true),
      (0xFF, 0x0F, 0x02, true), (0xFF, 0x00, 0x30, true), (0xFF, 0x00, 0x20, false),
      (0xFF, 0xF0, 0x13, true), (0xFF, 0xF0, 0x11, false), (0x00, 0x00, 0x00, true),
      (0xFF, 0x00, 0x00, true),
    ] as [(UInt8, UInt8, UInt8, Bool)])
  func eventDataAreComparedUnderTheirMask(
    mask: UInt8, exact: UInt8, value: UInt8, matches: Bool
  ) {
    var bytes = filter(0x04)
    bytes.replaceSubrange(14...16, with: [mask, exact, value])
    var controller = make([bytes])
    #expect(controller.code(.platformEvent, event) == 0)
    #expect(controller.takeActions() == (matches ? [.hardReset] : []))
  }

  @Test func nothingHappensUnlessItIsEnabled() {
    var controller = make([filter(0x04)], control: 0)
    #expect(controller.code(.platformEvent, event) == 0)
    #expect(controller.takeActions() == [])
    #expect(controller.code(set, [1, 1]) == 0)
    #expect(controller.code(set, [2, 0x02]) == 0)
    #expect(controller.code(.platformEvent, event) == 0)
    #expect(controller.takeActions() == [])
  }

  @Test func aHostWithoutPowerIsLeftAlone() {
    var controller = make([filter(0x3E)])
    controller.powerIsOn = false
    #expect(controller.code(.platformEvent, event) == 0)
    #expect(controller.takeActions() == [])
  }

  @Test func whatItDoesIsAnEventWhereItIsAskedFor() throws {
    var controller = make([filter(0x04)], control: 3)
    controller.update(sensor: SensorNumber.voltage, reading: 215, now: 0)
    // Two thresholds, and a PEF action for each.
    #expect(controller.takeActions() == [.hardReset, .hardReset])
    let log = try controller.readLog()
    #expect(log.map { $0[10] } == [0x02, 0x12, 0x02, 0x12])
    #expect(log[1][10...] == [0x12, 0, 0x6F, 0x44, 0x04, 0xFF])
  }

  @Test func processedEventsAreToldOfAndSet() throws {
    var controller = make([filter(0x20)])
    #expect(try controller.data(.getLastProcessedEventID) == [0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0])
    #expect(controller.code(.platformEvent, event) == 0)
    #expect(controller.code(.platformEvent, event) == 0)
    #expect(controller.code(.setLastProcessedEventID, [0, 1, 0]) == 0)
    #expect(try controller.data(.getLastProcessedEventID) == [0, 0, 0, 0, 2, 0, 1, 0, 2, 0])
    #expect(controller.code(.setLastProcessedEventID, [1, 0, 0]) == 0)
    #expect(try controller.data(.getLastProcessedEventID)[8...] == [0, 0])
  }
}
