import Foundation

/// What one command printed in the host guest, and its exit status.
public struct CommandResult: Sendable {
  public let command: String
  public let status: Int32
  /// Without line ends.
  public let lines: [String]
}

/// A PC that runs Debian's Linux with ipmitool, in a stock `qemu-system-x86_64`; it takes commands
/// on its serial console from `Tests/Guests/host/init`.
public final class HostGuest {
  /// The emulator.
  public let process: ChildProcess
  /// The version of the kernel, as it said itself.
  public let kernelVersion: String
  /// The first line of the console that has not been looked at.
  private var cursor = 0
  private var number = 0

  private static let marker = "ipmi-guest: "

  /// Boots the guest, and returns when `/dev/ipmi0` is there.
  init(
    kernel: String, initrd: String, bmcOptions: [String], log: URL?, timeout: TimeInterval,
    observer: @escaping @Sendable (String) -> Void
  ) throws {
    process = try ChildProcess(
      name: "host",
      command: [
        "qemu-system-x86_64", "-accel", "tcg", "-m", "256", "-nodefaults", "-display", "none",
        "-no-reboot", "-serial", "stdio", "-kernel", kernel, "-initrd", initrd,
        // Linux delays by writing to port 80h, which an emulator does not need: POST codes go there.
        "-append", "console=ttyS0 quiet loglevel=1 panic=-1 mitigations=off io_delay=none",
      ] + bmcOptions,
      log: log, observer: observer)
    let ready = try process.wait(
      for: "/dev/ipmi0 in the host guest", from: &cursor, timeout: timeout
    ) { line in
      if line == Self.marker + "no /dev/ipmi0" {
        throw EmulatorError("the host's ipmi_si found no BMC")
      }
      return line.hasPrefix(Self.marker + "ready ")
    }
    kernelVersion = String(ready.dropFirst(Self.marker.count + "ready ".count))
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
        lines.append(line)
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
