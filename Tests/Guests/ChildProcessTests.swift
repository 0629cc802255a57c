import EmulatedPair
import Foundation
import Testing

@Suite struct ChildProcessTests {
  @Test func `a time-out says what was awaited and shows the last lines`() throws {
    let process = try ChildProcess(name: "child", command: ["sh", "-c", "echo one; exec sleep 60"])
    var cursor = 0
    try process.wait(for: "first line", from: &cursor, timeout: 30) { $0 == "one" }
    let error = #expect(throws: EmulatorError.self) {
      try process.wait(for: "second line", from: &cursor, timeout: 0.01) { _ in true }
    }
    #expect(error?.description == "child: no second line within 0.01 s; its last lines:\n  | one")
  }

  @Test func `the end of a process ends the wait for it`() throws {
    let process = try ChildProcess(name: "child", command: ["sh", "-c", "printf partial; exit 3"])
    var cursor = 0
    let error = #expect(throws: EmulatorError.self) {
      try process.wait(for: "a line", from: &cursor, timeout: 60) { $0 == "never" }
    }
    #expect(
      error?.description
        == "child ended (exit status 3) while waiting for a line; its last lines:\n  | partial")
  }

  @Test func `lines typed in come back, without carriage returns`() throws {
    let process = try ChildProcess(
      name: "child",
      command: ["sh", "-c", "while read -r line; do printf '%s\\r\\n' \"$line\"; done"])
    var cursor = 0
    for line in ["one", "", "a  b"] {
      try process.type(line)
      let echoed = try process.wait(for: "echo", from: &cursor, timeout: 30) { _ in true }
      #expect(echoed == line)
    }
  }

  @Test func `a killed process is gone, and takes no more input`() throws {
    let process = try ChildProcess(name: "child", command: ["sleep", "60"])
    process.kill()
    #expect(process.exitStatus == .signalled(9))
    #expect(throws: EmulatorError.self) {
      // The first write may still find the pipe's other end.
      for _ in 0..<2 { try process.type("anything") }
    }
  }

  @Test func `what a process was observed by is given back with it`() throws {
    final class Observer: Sendable {}
    weak var observer: Observer?
    do {
      let strong = Observer()
      observer = strong
      let process = try ChildProcess(name: "child", command: ["echo", "line"]) { _ in _ = strong }
      #expect(try process.waitForExit(timeout: 30) == .exited(0))
    }
    // The thread that has read its output may be about to end.
    let deadline = Date(timeIntervalSinceNow: 30)
    while observer != nil, Date() < deadline { sched_yield() }
    #expect(observer == nil)
  }

  @Test func `a program that does not exist is named`() {
    let error = #expect(throws: EmulatorError.self) {
      try ChildProcess(name: "child", command: ["no-such-program"])
    }
    #expect(error?.description.hasPrefix("no-such-program was not found on PATH") == true)
  }
}
