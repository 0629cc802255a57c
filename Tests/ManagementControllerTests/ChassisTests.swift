import IPMI
import ManagementController
import Testing

@Suite struct ChassisTests {
  @Test func capabilitiesNameTheController() throws {
    var controller = makeController()
    #expect(
      try controller.data(.getChassisCapabilities) == [0x04, 0x20, 0x20, 0x20, 0x20, 0x20])
  }

  @Test func controlsAreAskedOfTheBoardThatHasPower() throws {
    let expected: [[BoardAction]] = [
      [.powerDown], [], [.powerCycle], [.hardReset], [.diagnosticInterrupt], [.gracefulShutdown],
    ]
    for control in UInt8(0)...15 {
      var controller = makeController()
      let code = controller.code(.chassisControl, [control])
      #expect(code == (control < 6 ? 0 : 0xCC))
      #expect(controller.takeActions() == (control < 6 ? expected[Int(control)] : []))
      #expect(controller.powerIsOn)
      let cause = try controller.data(.getSystemRestartCause)
      #expect(cause == (control == 2 || control == 3 ? [1, 0x0F] : [0, 0]))
    }
  }

  @Test func aHostWithoutPowerCanOnlyBeSwitchedOn() throws {
    for control in UInt8(0)...5 {
      var controller = makeController(powerIsOn: false)
      #expect(controller.code(.chassisControl, [control]) == (control < 2 ? 0 : 0xD5))
      #expect(controller.takeActions() == (control == 1 ? [.powerUp] : []))
      #expect(try controller.data(.getChassisStatus)[0] == 0x00)
    }
  }

  @Test func statusFollowsTheBoard() throws {
    var controller = makeController(powerIsOn: false)
    #expect(try controller.data(.getChassisStatus) == [0x00, 0x00, 0x40])
    #expect(controller.code(.chassisControl, [1]) == 0)
    controller.powerIsOn = true
    #expect(try controller.data(.getChassisStatus) == [0x01, 0x10, 0x40])
    controller.powerIsOn = false
    #expect(try controller.data(.getChassisStatus) == [0x00, 0x00, 0x40])
  }

  /// ipmitool takes an event that waits for it as the response to its first request.
  @Test func aHostThatComesUpFindsNothingOfTheOneBefore() throws {
    var controller = makeController()
    // The event message buffer, and an event in it.
    #expect(controller.code(.setBMCGlobalEnables, [0x0F]) == 0)
    #expect(controller.code(.platformEvent, [0x41, 0x04, 0x01, 0x30, 0x01, 0x59, 0, 0]) == 0)
    #expect(controller.attention)
    controller.powerIsOn = false
    controller.powerIsOn = true
    #expect(!controller.attention)
    #expect(try controller.data(.getBMCGlobalEnables) == [0x08])
    #expect(controller.code(.readEventMessageBuffer) == 0x80)
    #expect(try controller.readLog().count == 3, "the SEL has all")
  }

  @Test func theRestorePolicyIsKept() throws {
    var controller = makeController()
    for (policy, status) in [(0, 0x01), (1, 0x21), (2, 0x41), (3, 0x41)] as [(UInt8, UInt8)] {
      #expect(try controller.data(.setPowerRestorePolicy, [policy]) == [0b111])
      #expect(try controller.data(.getChassisStatus)[0] == status)
    }
    #expect(controller.code(.setPowerRestorePolicy, [4]) == 0xCC)
  }

  @Test func identifyLastsAsLongAsAsked() throws {
    var controller = makeController()
    #expect(controller.code(.chassisIdentify) == 0)
    #expect(controller.takeActions() == [.identify(true)])
    #expect(controller.deadline == 15 * second)
    #expect(try controller.data(.getChassisStatus)[2] == 0x50)
    #expect(controller.code(.chassisIdentify, [30], now: second) == 0)
    #expect(controller.takeActions() == [])
    controller.advance(to: 31 * second - 1)
    #expect(controller.takeActions() == [])
    controller.advance(to: 31 * second)
    #expect(controller.takeActions() == [.identify(false)])
    #expect(controller.deadline == nil)
    #expect(controller.code(.chassisIdentify, [0, 1], now: 40 * second) == 0)
    #expect(try controller.data(.getChassisStatus, now: 400 * second)[2] == 0x60)
    #expect(controller.code(.chassisIdentify, [0], now: 500 * second) == 0)
    #expect(controller.takeActions() == [.identify(true), .identify(false)])
    #expect(try controller.data(.getChassisStatus, now: 500 * second)[2] == 0x40)
  }

  /// What it was asked for is the cause once; what comes after is the host's own doing.
  @Test func aResetHasTheCauseThatItWasAskedFor() throws {
    var controller = makeController()
    controller.hostWasReset()
    #expect(try controller.data(.getSystemRestartCause)[0] == 0x0A)
    #expect(controller.code(.chassisControl, [3]) == 0)
    controller.hostWasReset()
    #expect(try controller.data(.getSystemRestartCause)[0] == 0x01)
    controller.hostWasReset()
    #expect(try controller.data(.getSystemRestartCause)[0] == 0x0A)
    // SMS/OS, hard reset, 1 s.
    #expect(controller.code(.setWatchdogTimer, [0x04, 0x01, 0, 0, 10, 0]) == 0)
    #expect(controller.code(.resetWatchdogTimer) == 0)
    controller.advance(to: second)
    controller.hostWasReset()
    #expect(try controller.data(.getSystemRestartCause, now: second)[0] == 0x04)
    // Asked for, but it lost its power instead.
    #expect(controller.code(.chassisControl, [2]) == 0)
    controller.powerIsOn = false
    controller.powerIsOn = true
    controller.hostWasReset()
    #expect(try controller.data(.getSystemRestartCause)[0] == 0x0A)
  }

  @Test func aResetForgetsWhatSoftwareAskedForAndKeepsTheWatchdog() throws {
    var controller = makeController()
    #expect(controller.code(.setBMCGlobalEnables, [0x0F]) == 0)
    #expect(controller.code(.platformEvent, [0x41, 0x04, 0x01, 0x30, 0x01, 0x59, 0, 0]) == 0)
    #expect(controller.code(.setWatchdogTimer, [0x04, 0x01, 0, 0, 10, 0]) == 0)
    #expect(controller.code(.resetWatchdogTimer) == 0)
    let log = try controller.readLog()
    controller.hostWasReset()
    #expect(!controller.attention && controller.powerIsOn)
    #expect(try controller.data(.getBMCGlobalEnables) == [0x08])
    #expect(try controller.readLog() == log)
    #expect(controller.watchdog.isRunning && controller.deadline == second)
  }

  /// The sensor and the SEL learn of it when it has lasted.
  @Test func aMomentWithoutPowerIsNoEvent() throws {
    var controller = makeController()
    let log = try controller.readLog()
    for _ in 0..<5 {
      controller.losePowerQuietly()
      #expect(!controller.powerIsOn && !controller.attention)
      controller.powerIsOn = true
    }
    #expect(try controller.readLog() == log)
    controller.losePowerQuietly()
    controller.powerIsOn = false
    controller.powerIsOn = false
    #expect(try controller.readLog().count == log.count + 1)
  }

  @Test func powerOnTimeCountsOnlyWithPower() throws {
    var controller = makeController()
    let minute = 60 * second
    #expect(try controller.data(.getPOHCounter, now: 10 * minute - 1) == [1, 9, 0, 0, 0])
    controller.advance(to: 10 * minute)
    controller.powerIsOn = false
    #expect(try controller.data(.getPOHCounter, now: 90 * minute) == [1, 10, 0, 0, 0])
    controller.powerIsOn = true
    #expect(try controller.data(.getPOHCounter, now: 95 * minute) == [1, 15, 0, 0, 0])
  }

  @Test func bootFlagsAreKeptForTheHost() throws {
    var controller = makeController()
    #expect(try controller.data(.getSystemBootOptions, [5, 0, 0]) == [1, 5, 0, 0, 0, 0, 0])
    #expect(controller.code(.setSystemBootOptions, [0, 1]) == 0)
    #expect(controller.code(.setSystemBootOptions, [0, 1]) == 0x81)
    #expect(controller.code(.setSystemBootOptions, [5, 0x80, 4, 3, 2, 1]) == 0)
    #expect(controller.code(.setSystemBootOptions, [0, 2]) == 0)
    #expect(try controller.data(.getSystemBootOptions, [0, 0, 0]) == [1, 0, 0])
    #expect(try controller.data(.getSystemBootOptions, [5, 0, 0]) == [1, 5, 0x80, 4, 3, 2, 1])
    #expect(controller.code(.setSystemBootOptions, [0x85]) == 0)
    #expect(try controller.data(.getSystemBootOptions, [5, 0, 0]) == [1, 0x85, 0x80, 4, 3, 2, 1])
    #expect(controller.code(.setSystemBootOptions, [0, 3]) == 0xCC)
    #expect(controller.code(.setSystemBootOptions, [5, 1]) == 0xC7)
    #expect(controller.code(.setSystemBootOptions, [6, 1]) == 0x80)
    #expect(controller.code(.getSystemBootOptions, [7, 0, 0]) == 0x80)
  }

  @Test func bootInfoAcknowledgeIsWrittenThroughItsMask() throws {
    var controller = makeController()
    #expect(controller.code(.setSystemBootOptions, [4, 0xFF, 0x1F]) == 0)
    #expect(controller.code(.setSystemBootOptions, [4, 0x01, 0x00]) == 0)
    #expect(try controller.data(.getSystemBootOptions, [4, 0, 0]) == [1, 4, 0, 0x1E])
  }
}
