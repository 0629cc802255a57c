import Foundation

/// A connection to an emulator's machine protocol, QMP: one JSON object a line each way.
public final class MachineMonitor {
  private let connection: FileHandle
  private var received = Data()

  /// Connects to the Unix socket at `path`, where an emulator that runs already listens.
  init(path: String) throws {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw EmulatorError("no socket could be made") }
    connection = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let fits = unsafe withUnsafeMutableBytes(of: &address.sun_path) { place in
      guard path.utf8.count < place.count else { return false }
      unsafe place.copyBytes(from: path.utf8)
      return true
    }
    guard fits else { throw EmulatorError("\(path) is too long for a socket") }
    let connected = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
    guard connected else { throw EmulatorError("no emulator listens on \(path)") }
    try execute("qmp_capabilities")
  }

  /// Sets a property of an object, for example of `/machine/soc/adc`.
  public func set(_ property: String, of object: String, to value: Int) throws {
    try execute("qom-set", ["path": object, "property": property, "value": value])
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
