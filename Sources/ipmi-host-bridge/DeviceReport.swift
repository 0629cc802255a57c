import CharacterDevice
import Foundation
import IPMI
import Synchronization

/// What a script's answers are worth, as the Test Anything Protocol has it.
final class TestReport: Sendable {
  private struct State {
    var expected = 0
    var count = 0
    var failures = 0
    /// What each device's program has done since its last result.
    var events: [String: DeviceTally] = [:]
  }
  private let state = Mutex(State())

  func expect(_ count: Int) { state.withLock { $0.expected += count } }

  func begin() {
    state.withLock { state in
      guard state.expected > 0 else { return }
      Self.print("TAP version 13\n1..\(state.expected)")
    }
  }

  func add(_ result: HostScript.Result, of device: String) {
    state.withLock { state in
      state.count += 1
      if !result.isExpected { state.failures += 1 }
      let request = result.step.request
      let name = request.command.name.map { " \($0)" } ?? ""
      Self.print(
        "\(result.isExpected ? "ok" : "not ok") \(state.count) - \(device) "
          + "\(hex(request.netFn.rawValue)) \(hex(request.command.code))\(name) -> "
          + result.bytes.map(hex).joined(separator: " "))
      if !result.isExpected {
        Self.print("# expected \(result.step.expected.map(hex).joined(separator: " "))…")
      }
    }
  }

  func note(_ device: EmulatedDevice, _ event: DeviceEvent) {
    state.withLock {
      $0.events[device.name, default: DeviceTally()].count(event, of: device.kind)
    }
  }

  func add(_ abuse: Abuse, _ verdict: Abuse.Verdict, of device: String) {
    state.withLock { state in
      state.count += 1
      var isSurvived = false
      if case .survived = verdict { isSurvived = true }
      if !isSurvived { state.failures += 1 }
      Self.print(
        "\(isSurvived ? "ok" : "not ok") \(state.count) - \(device) \(abuse.name): the "
          + "host \(abuse.summary)")
      Self.print("# the driver: \(abuse.rule) (\(abuse.source))")
      Self.print("# the daemon: \(state.events[device] ?? DeviceTally())")
      state.events[device]?.removeAll()
      switch verdict {
      case .survived: break
      case .silent: Self.print("# afterwards it did not answer Get Device ID")
      case .ended(let status):
        Self.print("# it ended with status \(status), and was started again")
      }
    }
  }

  func skip(_ reason: String) {
    state.withLock { state in
      guard state.expected > 0 else { return }
      for number in 1...state.expected { Self.print("ok \(number) # SKIP \(reason)") }
    }
  }

  /// The exit status, where the program's is `status`.
  func end(_ status: Int32) -> Int32 {
    state.withLock { state in
      guard state.expected > 0 else { return status }
      let isWhole = state.count == state.expected
      if !isWhole {
        Self.print(
          "Bail out! The program ended with status \(status) after \(state.count) of "
            + "\(state.expected) answers")
        return status == 0 ? 1 : status
      }
      if state.failures > 0 { return 1 }
      // SIGTERM, which it was sent.
      return status == 128 + SIGTERM ? 0 : status
    }
  }

  private static func print(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }
}
