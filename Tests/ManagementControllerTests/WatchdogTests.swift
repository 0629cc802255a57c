import IPMI
import ManagementController
import Testing

/// One way to set the watchdog.
struct WatchdogSetting: Sendable, CustomTestStringConvertible {
  let use: UInt8
  let action: UInt8
  let interrupt: UInt8
  let dontLog: Bool

  var testDescription: String {
    "use \(use), action \(action), interrupt \(interrupt), don't log \(dontLog)"
  }

  /// Every use, action, supported interrupt and don't-log bit.
  static let all: [WatchdogSetting] = (1...5).flatMap { use in
    (0...3).flatMap { action in
      [0, 2, 3].flatMap { interrupt in
        [false, true].map {
          WatchdogSetting(use: use, action: action, interrupt: interrupt, dontLog: $0)
        }
      }
    }
  }

  /// Set Watchdog Timer: 10 s, pre-timeout 3 s before.
  var request: [UInt8] {
    [(dontLog ? 0x80 : 0) | use, interrupt << 4 | action, 3, 0, 100, 0]
  }
}

@Suite struct WatchdogTests {
  /// The events of the watchdog sensor: event data only.
  private func events(_ controller: inout ManagementController, now: UInt64) throws -> [[UInt8]] {
    try controller.readLog(now: now).filter { $0[11] == SensorNumber.watchdog }.map {
      #expect($0[10] == 0x23 && $0[12] == 0x6F)
      return Array($0[13...])
    }
  }

  @Test(arguments: WatchdogSetting.all)
  func everySettingInterruptsExpiresLogsAndActs(setting: WatchdogSetting) throws {
    var controller = makeController()
    let start = 50 * second
    let start100 = start + 10 * second
    #expect(controller.code(.setWatchdogTimer, setting.request, now: start) == 0)
    #expect(controller.deadline == nil)
    #expect(controller.code(.resetWatchdogTimer, now: start) == 0)
    let detail = setting.interrupt << 4 | setting.use
    var expected: [[UInt8]] = []

    if setting.interrupt != 0 {
      #expect(controller.deadline == start + 7 * second)
      controller.advance(to: start + 7 * second - 1)
      #expect(!controller.attention)
      controller.advance(to: start + 7 * second)
      #expect(controller.attention)
      #expect(try controller.data(.getMessageFlags, now: start + 7 * second) == [0x08])
      #expect(
        controller.takeActions() == (setting.interrupt == 2 ? [.diagnosticInterrupt] : []))
      #expect(controller.code(.clearMessageFlags, [0x08], now: start + 7 * second) == 0)
      #expect(!controller.attention)
      if !setting.dontLog { expected.append([0xC8, detail, 0xFF]) }
    }
    #expect(try events(&controller, now: start + 7 * second) == expected)

    #expect(controller.deadline == start100)
    controller.advance(to: start100 - 1)
    #expect(controller.watchdog.isRunning)
    controller.advance(to: start100)
    #expect(!controller.watchdog.isRunning)
    #expect(controller.deadline == nil)
    let actions: [[BoardAction]] = [[], [.hardReset], [.powerDown], [.powerCycle]]
    #expect(controller.takeActions() == actions[Int(setting.action)])
    if !setting.dontLog { expected.append([0xC0 | setting.action, detail, 0xFF]) }
    #expect(try events(&controller, now: start100) == expected)

    // Expired: flag set, don't-log forgotten, nothing left to count.
    #expect(
      try controller.data(.getWatchdogTimer, now: start100) == [
        setting.use, setting.interrupt << 4 | setting.action, 3, 1 << setting.use, 100, 0, 0, 0,
      ])
    let cause = try controller.data(.getSystemRestartCause, now: start100)[0]
    #expect(cause == (setting.action == 1 || setting.action == 3 ? 4 : 0))

    // It can be started again, and then logs whatever don't-log was.
    #expect(controller.code(.resetWatchdogTimer, now: start100) == 0)
    controller.advance(to: start100 + 10 * second)
    #expect(
      try events(&controller, now: start100 + 10 * second).last
        == [0xC0 | setting.action, detail, 0xFF])
  }

  @Test func aTimerThatWasNeverSetCannotStart() throws {
    var controller = makeController()
    #expect(controller.code(.resetWatchdogTimer) == 0x80)
    #expect(try controller.data(.getWatchdogTimer) == [0, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test func reservedValuesAreRefusedAndChangeNothing() throws {
    var controller = makeController()
    let good: [UInt8] = [0x04, 0x31, 3, 0, 100, 0]
    #expect(controller.code(.setWatchdogTimer, good) == 0)
    let before = try controller.data(.getWatchdogTimer)
    for use in [0, 6, 7] as [UInt8] {
      #expect(controller.code(.setWatchdogTimer, [use, 0x31, 3, 0, 100, 0]) == 0xCC)
    }
    for action in UInt8(4)...7 {
      #expect(controller.code(.setWatchdogTimer, [4, action, 3, 0, 100, 0]) == 0xCC)
    }
    for interrupt in [1, 4, 5, 6, 7] as [UInt8] {
      #expect(controller.code(.setWatchdogTimer, [4, interrupt << 4, 3, 0, 100, 0]) == 0xCC)
    }
    // A pre-timeout before the start; without an interrupt the interval means nothing.
    #expect(controller.code(.setWatchdogTimer, [4, 0x30, 11, 0, 100, 0]) == 0xCC)
    #expect(try controller.data(.getWatchdogTimer) == before)
    #expect(controller.code(.setWatchdogTimer, [4, 0x30, 10, 0, 100, 0]) == 0)
    #expect(controller.code(.setWatchdogTimer, [4, 0x00, 11, 0, 100, 0]) == 0)
  }

  @Test func theCountdownIsShownInTenthsOfSeconds() throws {
    var controller = makeController()
    #expect(controller.code(.setWatchdogTimer, [4, 0, 0, 0, 0x2C, 0x01]) == 0)
    #expect(
      try controller.data(.getWatchdogTimer, now: second)
        == [0x04, 0, 0, 0, 0x2C, 0x01, 0x2C, 0x01])
    #expect(controller.code(.resetWatchdogTimer, now: second) == 0)
    #expect(
      try controller.data(.getWatchdogTimer, now: 11 * second)
        == [0x44, 0, 0, 0, 0x2C, 0x01, 200, 0])
  }

  @Test func settingStopsTheTimerUnlessToldNotTo() throws {
    var controller = makeController()
    #expect(controller.code(.setWatchdogTimer, [0x44, 1, 0, 0, 100, 0]) == 0)
    #expect(!controller.watchdog.isRunning)
    #expect(controller.code(.resetWatchdogTimer) == 0)
    #expect(controller.code(.setWatchdogTimer, [0x44, 1, 0, 0, 50, 0], now: second) == 0)
    #expect(controller.deadline == 6 * second)
    #expect(controller.code(.setWatchdogTimer, [0x04, 1, 0, 0, 50, 0], now: second) == 0)
    #expect(controller.deadline == nil)
    controller.advance(to: 60 * second)
    #expect(controller.takeAction() == nil)
  }

  @Test func settingClearsThePreTimeoutFlagAndTheUsesNamed() throws {
    var controller = makeController()
    for use in UInt8(1)...5 {
      #expect(controller.code(.setWatchdogTimer, [use, 0x30, 0, 0, 0, 0]) == 0)
      #expect(controller.code(.resetWatchdogTimer) == 0)
    }
    #expect(try controller.data(.getWatchdogTimer)[3] == 0x3E)
    #expect(try controller.data(.getMessageFlags) == [0x08])
    #expect(controller.code(.setWatchdogTimer, [4, 0, 0, 0x14, 1, 0]) == 0)
    #expect(try controller.data(.getWatchdogTimer)[3] == 0x2A)
    #expect(try controller.data(.getMessageFlags) == [0x00])
  }

  @Test func aCountdownOfZeroExpiresAtOnce() {
    var controller = makeController()
    #expect(controller.code(.setWatchdogTimer, [4, 1, 0, 0, 0, 0]) == 0)
    #expect(controller.takeAction() == nil)
    #expect(controller.code(.resetWatchdogTimer) == 0)
    #expect(controller.takeActions() == [.hardReset])
  }

  @Test func lateTimeDeliversPreTimeoutBeforeExpiry() throws {
    var controller = makeController()
    #expect(controller.code(.setWatchdogTimer, [4, 0x21, 3, 0, 100, 0]) == 0)
    #expect(controller.code(.resetWatchdogTimer) == 0)
    controller.advance(to: 1_000_000 * second)
    #expect(controller.takeActions() == [.diagnosticInterrupt, .hardReset])
    #expect(
      try events(&controller, now: 1_000_000 * second)
        == [[0xC8, 0x24, 0xFF], [0xC1, 0x24, 0xFF]])
  }

  @Test func resettingInTimeKeepsTheHostUp() {
    var controller = makeController()
    #expect(controller.code(.setWatchdogTimer, [4, 0x31, 3, 0, 100, 0]) == 0)
    for step in UInt64(0)..<100 {
      #expect(controller.code(.resetWatchdogTimer, now: step * 6 * second) == 0)
    }
    #expect(controller.takeAction() == nil)
    #expect(!controller.attention)
  }

  @Test func lossOfPowerStopsTheTimerAndAResetDoesNot() {
    var controller = makeController()
    #expect(controller.code(.setWatchdogTimer, [4, 1, 0, 0, 100, 0]) == 0)
    #expect(controller.code(.resetWatchdogTimer) == 0)
    #expect(controller.code(.chassisControl, [3]) == 0)
    #expect(controller.takeActions() == [.hardReset])
    #expect(controller.deadline == 10 * second)
    controller.powerIsOn = false
    #expect(controller.deadline == nil)
  }

  @Test func theSensorShowsTheExpiryUntilTheNextStart() throws {
    var controller = makeController()
    #expect(controller.code(.setWatchdogTimer, [4, 2, 0, 0, 10, 0]) == 0)
    #expect(controller.code(.resetWatchdogTimer) == 0)
    controller.advance(to: second)
    let sensor = [SensorNumber.watchdog]
    #expect(
      try controller.data(.getSensorReading, sensor, now: second) == [0, 0xC0, 0b100, 0x80])
    #expect(controller.code(.resetWatchdogTimer, now: second) == 0)
    #expect(try controller.data(.getSensorReading, sensor, now: second) == [0, 0xC0, 0, 0x80])
  }
}
