import Foundation

/// A connection to an emulator's machine protocol, QMP: one JSON object a line each way.
public final class MachineMonitor {
  private let connection: FileHandle
  private var received = Data()

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

  /// Runs a command, and returns when it is done.
  private func execute(_ command: String, _ arguments: [String: Any] = [:]) throws {
    let request = try JSONSerialization.data(
      withJSONObject: ["execute": command, "arguments": arguments])
    try connection.write(contentsOf: request + Data("\n".utf8))
    while true {
      let answer = try JSONSerialization.jsonObject(with: nextLine()) as? [String: Any] ?? [:]
      if let error = answer["error"] as? [String: Any] {
        throw EmulatorError("\(command): \(error["desc"] ?? error)")
      }
      // The greeting and events have neither.
      if answer["return"] != nil { return }
    }
  }

  private func nextLine() throws -> Data {
    while true {
      if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
        defer { received = Data(received[(end + 1)...]) }
        return Data(received[..<end])
      }
      let more = connection.availableData
      guard !more.isEmpty else { throw EmulatorError("the emulator closed its monitor") }
      received += more
    }
  }
}
