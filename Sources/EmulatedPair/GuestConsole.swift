import Foundation

/// What one command printed in a guest, and its exit status.
public struct CommandResult: Sendable {
  public let command: String
  public let status: Int32
  /// Without line ends.
  public let lines: [String]
}

/// The serial console of a Linux guest that takes commands there, as `Tests/Guests/init` does.
public final class GuestConsole {
  /// The emulator.
  public let process: ChildProcess
  /// The version of the kernel, as it said itself.
  public let kernelVersion: String
  /// The first line of the console that has not been looked at.
  private var cursor = 0
  private var number = 0
  private let device: String
  private let failure: String
  private let isLog: (String) -> Bool

  private static let marker = "ipmi-guest: "

  /// Waits for the guest to be ready.
  /// - Parameters:
  ///   - process: The emulator, with the guest's console on its standard input and output.
  ///   - device: What the guest has to have, such as "/dev/ipmi0".
  ///   - failure: What it means if the guest has it not.
  ///   - isLog: Whether a line is from a program that logs on the same console, and not part of
  ///     what a command printed.
  init(
    _ process: ChildProcess, device: String, failure: String, timeout: TimeInterval,
    isLog: @escaping (String) -> Bool = { _ in false }
  ) throws {
    self.process = process
    self.device = device
    self.failure = failure
    self.isLog = isLog
    let ready = try Self.waitForBoot(process, device, failure, from: &cursor, timeout: timeout)
    kernelVersion = String(ready.dropFirst(Self.marker.count + "ready ".count))
  }

  private static func waitForBoot(
    _ process: ChildProcess, _ device: String, _ failure: String, from cursor: inout Int,
    timeout: TimeInterval
  ) throws -> String {
    try process.wait(
      for: "\(device) in the \(process.name) guest", from: &cursor, timeout: timeout
    ) { line in
      if line == Self.marker + "no \(device)" { throw EmulatorError(failure) }
      return line.hasPrefix(Self.marker + "ready ")
    }
  }

  /// Has the guest reboot at once, without taking leave of anything, and waits for it to be ready.
  /// A command that runs is gone.
  /// - Parameter reset: what resets the machine; nil for the guest itself.
  public func reboot(timeout: TimeInterval, by reset: (() throws -> Void)? = nil) throws {
    if let reset { try reset() } else { try process.type("echo b >/proc/sysrq-trigger") }
    number = 0
    _ = try Self.waitForBoot(process, device, failure, from: &cursor, timeout: timeout)
  }

  /// Starts a shell command in the guest without waiting for it.
  public func begin(_ command: String) throws {
    guard !command.contains(where: \.isNewline), command.utf8.count < 4000 else {
      throw EmulatorError("a command for the guest is one line of less than 4000 bytes")
    }
    number += 1
    try process.type(command)
    try wait(for: "start of `\(command)`", timeout: 30) { $0 == "begin \(number)" }
  }

  /// Waits for the command that `begin` started.
  public func finish(_ command: String, timeout: TimeInterval) throws -> CommandResult {
    let prefix = Self.marker + "end \(number) "
    var lines: [String] = []
    var status: Int32 = -1
    try process.wait(for: "end of `\(command)`", from: &cursor, timeout: timeout) { line in
      guard line.hasPrefix(prefix), let number = Int32(line.dropFirst(prefix.count)) else {
        if !isLog(line) { lines.append(line) }
        return false
      }
      status = number
      return true
    }
    // The guest prints an empty line before the marker, for output that does not end a line.
    if lines.last == "" { lines.removeLast() }
    return CommandResult(command: command, status: status, lines: lines)
  }

  /// Runs a shell command in the guest.
  public func run(_ command: String, timeout: TimeInterval = 60) throws -> CommandResult {
    try begin(command)
    return try finish(command, timeout: timeout)
  }

  /// Copies a small file into the guest.
  public func write(_ contents: Data, to path: String) throws {
    var encoded = contents.base64EncodedString()[...]
    _ = try run(": >\(path).base64")
    while !encoded.isEmpty {
      _ = try run("echo \(encoded.prefix(3000)) >>\(path).base64")
      encoded = encoded.dropFirst(3000)
    }
    let result = try run("base64 -d \(path).base64 >\(path)")
    guard result.status == 0 else { throw EmulatorError("could not copy a file to \(path)") }
  }

  /// Powers the guest off, and returns when its emulator has ended.
  public func powerOff(timeout: TimeInterval = 30) throws {
    try process.type("poweroff")
    _ = try process.waitForExit(timeout: timeout)
  }

  private func wait(
    for what: String, timeout: TimeInterval, where isWanted: (String) -> Bool
  ) throws {
    try process.wait(for: what, from: &cursor, timeout: timeout) { line in
      line.hasPrefix(Self.marker) && isWanted(String(line.dropFirst(Self.marker.count)))
    }
  }
}
