import Foundation

/// A connection to an emulator's machine protocol, QMP: one JSON object a line each way.
public final class MachineMonitor {
  private let connection: FileHandle
  private var received = Data()
  /// Seconds that an answer may take.
  private static let patience: TimeInterval = 60

  /// Connects to the Unix socket at `path`, where an emulator that runs already listens.
  init(path: String) throws {
    connection = FileHandle(
      fileDescriptor: try connectToUnixSocket(path), closeOnDealloc: true)
    try execute("qmp_capabilities")
  }

  /// Sets a property of an object, for example of `/machine/soc/adc`.
  public func set(_ property: String, of object: String, to value: Int) throws {
    try execute("qom-set", ["path": object, "property": property, "value": value])
  }

  /// Sets a property of one of this project's devices, whose properties are all strings.
  public func set(_ property: String, ofDevice id: String, to value: String) throws {
    try execute(
      "qom-set", ["path": "/machine/peripheral/\(id)", "property": property, "value": value])
  }

  /// Stops the processors; time goes on for everything else.
  public func stopProcessors() throws { try execute("stop") }

  /// Resets the machine, as a watchdog does, and lets the processors run.
  public func reset() throws {
    try execute("system_reset")
    try execute("cont")
  }

  /// The registers of the first processor, as QEMU's "info registers" has them.
  public func registers() throws -> String {
    let line = ["command-line": "info registers"]
    return try execute("human-monitor-command", line) as? String ?? ""
  }

  /// Runs a command: its result, when it is done.
  @discardableResult
  private func execute(_ command: String, _ arguments: [String: Any] = [:]) throws -> Any {
    let request = try JSONSerialization.data(
      withJSONObject: ["execute": command, "arguments": arguments])
    try connection.write(contentsOf: request + Data("\n".utf8))
    let deadline = Date(timeIntervalSinceNow: Self.patience)
    while true {
      let line = try nextLine(until: deadline)
      let answer = try JSONSerialization.jsonObject(with: line) as? [String: Any] ?? [:]
      if let error = answer["error"] as? [String: Any] {
        throw EmulatorError("\(command): \(error["desc"] ?? error)")
      }
      // The greeting and events have neither.
      if let result = answer["return"] { return result }
    }
  }

  /// Waits for bytes.
  private func wait(until deadline: Date) throws {
    var awaited = pollfd(fd: connection.fileDescriptor, events: Int16(POLLIN), revents: 0)
    // A signal may end it early.
    while true {
      let milliseconds = Int32(max(0, deadline.timeIntervalSinceNow * 1000))
      let count = unsafe poll(&awaited, 1, milliseconds)
      if count > 0 { return }
      guard count < 0, errno == EINTR else {
        throw EmulatorError(
          "the emulator's monitor did not answer within \(Self.patience.formatted()) s; it stands "
            + "still, or has another client")
      }
    }
  }

  private func nextLine(until deadline: Date) throws -> Data {
    while true {
      if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
        defer { received = Data(received[(end + 1)...]) }
        return Data(received[..<end])
      }
      try wait(until: deadline)
      let more = connection.availableData
      guard !more.isEmpty else { throw EmulatorError("the emulator closed its monitor") }
      received += more
    }
  }
}
