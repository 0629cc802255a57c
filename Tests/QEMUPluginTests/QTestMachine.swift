import Foundation
import Glibc

/// A machine of a stock QEMU whose processors stand still: the test makes their bus accesses.
///
/// QEMU's own qtest protocol loads, stores and reports interrupts; a Unix socket is the wire.
final class QTestMachine {
  private let process: Process
  private let commands = Pipe()
  private let answers = Pipe()
  private var unread: [UInt8] = []
  private let directory: (here: URL, inside: String)
  private let monitorName: String
  /// What the inputs of the interrupt controller have done, in this order.
  private(set) var edges: [Edge] = []

  enum Edge: Hashable {
    case raised(Int)
    case lowered(Int)
  }

  /// Whether an input is high.
  func isRaised(_ number: Int) -> Bool {
    edges.last { $0 == .raised(number) || $0 == .lowered(number) } == .raised(number)
  }

  /// Waits for an input of the interrupt controller to be high.
  func waitForInterrupt(_ number: Int) throws {
    let start = ContinuousClock.now
    while !isRaised(number) {
      // Any answer brings the edges before it; 0 is a boot ROM, or RAM, everywhere.
      _ = try readByte(0)
      if ContinuousClock.now - start > .seconds(20) {
        throw Failure(description: "no interrupt \(number)")
      }
    }
  }

  /// What went wrong with the machine, not with what is tested.
  struct Failure: Error {
    var description: String
  }

  /// Starts the machine with one device and its wire for each of `responders`, all with the same
  /// further properties, and, where there is a port, one called `post-codes`; or with the state that
  /// comes from `incoming`.
  convenience init(
    _ qemu: StockQEMU, in directory: (here: URL, inside: String),
    machine: String = "npcm750-evb",
    interruptController: String = "/machine/soc/a9mpcore/gic", responders: [String],
    properties: String = "", postCodePort: String? = nil, incoming: String? = nil,
    preloadedFirst: String? = nil
  ) throws {
    var devices = responders.flatMap {
      [
        "-chardev", "socket,id=\($0),path=\(directory.inside)/\($0),server=on,wait=off",
        "-device",
        "ipmi-host-extern,chardev=\($0),responder=\($0)"
          + (properties.isEmpty ? "" : ",\(properties)"),
      ]
    }
    if let postCodePort {
      devices += [
        "-chardev", "socket,id=post,path=\(directory.inside)/post-codes,server=on,wait=off",
        "-device", "ipmi-host-post-codes,chardev=post,port=\(postCodePort)",
      ]
    }
    if let incoming { devices += ["-incoming", incoming] }
    try self.init(
      qemu, in: directory, machine: machine, interruptController: interruptController,
      options: devices, preloadedFirst: preloadedFirst)
  }

  /// Starts a machine with further options.
  init(
    _ qemu: StockQEMU, in directory: (here: URL, inside: String),
    emulator: String = "qemu-system-arm", machine: String, interruptController: String,
    options: [String], preloadedFirst: String? = nil
  ) throws {
    self.directory = directory
    process = try qemu.process(
      [
        emulator, "-M", machine, "-accel", "tcg", "-nodefaults", "-display",
        "none", "-S", "-qtest", "stdio", "-qtest-log", "none", "-monitor",
        "unix:\(directory.inside)/monitor-\(emulator),server=on,wait=off",
      ] + options, in: directory, preloadedFirst: preloadedFirst)
    monitorName = "monitor-\(emulator)"
    process.standardInput = commands
    process.standardOutput = answers
    process.standardError = FileHandle.nullDevice
    try process.run()
    try command("irq_intercept_in \(interruptController)")
  }

  /// Ends the machine as a power cut would, and returns when it is gone.
  func kill() {
    _ = Glibc.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  deinit {
    // Foundation starts it with signals blocked that ask politely.
    kill()
  }

  /// Sends one command; returns the words of its answer.
  @discardableResult
  func command(_ text: String) throws -> [Substring] {
    try commands.fileHandleForWriting.write(contentsOf: Data("\(text)\n".utf8))
    while true {
      let words = try line().split(separator: " ")
      switch words.first {
      case "OK": return words
      case "IRQ" where words.count == 3:
        guard let number = Int(words[2]) else { continue }
        edges.append(words[1] == "raise" ? .raised(number) : .lowered(number))
      default: throw Failure(description: "\(text): \(words)")
      }
    }
  }

  private func line() throws -> String {
    while true {
      if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
        defer { unread.removeSubrange(...end) }
        return String(decoding: unread[..<end], as: UTF8.self)
      }
      let more = answers.fileHandleForReading.availableData
      if more.isEmpty { throw Failure(description: "QEMU has ended") }
      unread.append(contentsOf: more)
    }
  }

  /// A load of one byte by the BMC.
  func readByte(_ address: UInt64) throws -> UInt8 {
    UInt8(truncatingIfNeeded: try read("readb", address))
  }

  /// A load of the width that `command`, as `readl`, names.
  func read(_ command: String, _ address: UInt64) throws -> UInt64 {
    let words = try self.command("\(command) 0x\(String(address, radix: 16))")
    guard words.count == 2, let value = UInt64(words[1].dropFirst(2), radix: 16) else {
      throw Failure(description: "\(words)")
    }
    return value
  }

  /// A store of a word by the BMC.
  func writeWord(_ value: UInt32, to address: UInt64) throws {
    try command("writel 0x\(String(address, radix: 16)) 0x\(String(value, radix: 16))")
  }

  /// A store of one byte by the BMC.
  func writeByte(_ value: UInt8, to address: UInt64) throws {
    try command("writeb 0x\(String(address, radix: 16)) 0x\(String(value, radix: 16))")
  }

  /// Has QEMU's monitor run `command`; returns what it printed when it was done.
  @discardableResult
  func monitor(_ command: String) throws -> String {
    let monitor = try connect(to: monitorName)
    var printed = ""
    func waitForPrompt() {
      var end = printed
      repeat {
        end = String(decoding: monitor.receive(within: 10_000), as: UTF8.self)
        printed += end
      } while !end.isEmpty && !printed.hasSuffix("(qemu) ")
    }
    waitForPrompt()
    try monitor.send(Array("\(command)\n".utf8))
    printed = ""
    waitForPrompt()
    return printed
  }

  /// Connects to the wire of a responder.
  func connect(to name: String) throws -> UnixSocket {
    try UnixSocket(path: directory.here.appending(path: name).path)
  }
}

/// A connected Unix socket.
final class UnixSocket {
  private let descriptor: Int32

  init(path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let status = unsafe withUnsafePointer(to: address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard status == 0 else {
      throw QTestMachine.Failure(description: "\(path): error \(errno)")
    }
  }

  deinit {
    close(descriptor)
  }

  func send(_ bytes: [UInt8]) throws {
    guard
      unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    else { throw QTestMachine.Failure(description: "send: error \(errno)") }
  }

  /// What arrives within `milliseconds`; empty where nothing does.
  func receive(within milliseconds: Int32) -> [UInt8] {
    var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&wait, 1, milliseconds) == 1 else { return [] }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
    return Array(bytes.prefix(max(count, 0)))
  }

  /// What arrives until `count` bytes are there, or 10 s pass without one.
  func receive(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let more = receive(within: 10_000)
      if more.isEmpty { break }
      bytes += more
    }
    return bytes
  }
}
