import Foundation

/// A TCP port of the loopback interface that nothing listens on now. Another program may take it
/// before it is used, which the one that wanted it then reports.
func freePort() throws -> UInt16 {
  try withLoopbackSocket(port: 0) { socket, address in
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    var length = size
    let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(socket, $0, size) == 0 && getsockname(socket, $0, &length) == 0
      }
    }
    guard bound else { throw EmulatorError("no TCP port is free on the loopback interface") }
    return UInt16(bigEndian: address.sin_port)
  }
}

/// Waits until `process` takes connections on `port`: unlike firmware it does not say so.
func waitForListener(_ port: UInt16, of process: ChildProcess) throws {
  let deadline = Date(timeIntervalSinceNow: 10)
  while Date() < deadline {
    if let status = process.exitStatus {
      throw EmulatorError("\(process.name) ended (\(status)): \(process.lines.suffix(5))")
    }
    if try isListening(on: port) { return }
    Thread.sleep(forTimeInterval: 0.02)
  }
  throw EmulatorError("\(process.name) took no connection on port \(port) within 10 s")
}

/// Whether somebody does, as the kernel says: a connection to find out is one that `ipmi_sim` may
/// die of, by SIGPIPE, when it ends before the greeting. `proc_net_tcp.txt` of Linux.
private func isListening(on port: UInt16) throws -> Bool {
  let digits = String(port, radix: 16, uppercase: true)
  let address = ":" + String(repeating: "0", count: 4 - digits.count) + digits
  return try String(contentsOfFile: "/proc/net/tcp", encoding: .utf8).split(separator: "\n")
    .contains { line in
      let fields = line.split(separator: " ")
      return fields.count > 3 && fields[1].hasSuffix(address) && fields[3] == "0A"
    }
}

private func withLoopbackSocket<Result>(
  port: UInt16, _ body: (Int32, inout sockaddr_in) throws -> Result
) throws -> Result {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  guard descriptor >= 0 else { throw EmulatorError("no socket could be made") }
  defer { close(descriptor) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
  return try body(descriptor, &address)
}
