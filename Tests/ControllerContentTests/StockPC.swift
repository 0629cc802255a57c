import EmulatedPair
import Foundation
import IPMI
import SystemInterfaces

/// A PC of a stock QEMU with ipmi-bmc-sim on a KCS at CA2h. Its processor stands still: the test
/// makes its port accesses, through QEMU's qtest protocol.
final class StockPC: KCSHostRegisters {
  static let isInstalled = Programs.find("qemu-system-x86_64") != nil

  private let process = Process()
  private let commands = Pipe()
  private let answers = Pipe()
  private var unread: [UInt8] = []
  private var host = KCSHost()
  /// The first thing that went wrong with QEMU.
  private(set) var failure: String?

  /// - Parameter simulator: The option of `-device`, as `ipmi-bmc-sim,id=bmc0,sdrfile=…`.
  init(simulator: String) throws {
    process.executableURL = URL(
      fileURLWithPath: Programs.find("qemu-system-x86_64") ?? "qemu-system-x86_64")
    process.arguments = [
      "-M", "pc", "-accel", "tcg", "-S", "-nodefaults", "-display", "none", "-qtest", "stdio",
      "-qtest-log", "none", "-device", simulator, "-device", "isa-ipmi-kcs,bmc=bmc0",
    ]
    process.standardInput = commands
    process.standardOutput = answers
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  deinit {
    // Foundation starts it with signals blocked that ask politely.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// The response to a request: completion code, then data; empty where QEMU does not go on.
  func ask(_ command: Command, _ data: [UInt8] = []) -> [UInt8] {
    var request = Message(command)
    let fits = request.append(contentsOf: data.span)
    precondition(fits)
    host.start(request)
    var registers = self
    for _ in 0..<100_000 where failure == nil {
      if case .complete = host.event(on: &registers, now: 0), let response = host.response {
        return (2..<response.count).map { response.bytes[$0] }
      }
    }
    return []
  }

  func hostReadStatus() -> KCSStatus { KCSStatus(rawValue: read(0xCA3)) }
  func hostReadData() -> UInt8 { read(0xCA2) }
  func hostWriteData(_ value: UInt8) { command("outb 0xca2 \(value)") }
  func hostWriteCommand(_ value: UInt8) { command("outb 0xca3 \(value)") }

  private func read(_ port: Int) -> UInt8 {
    let words = command("inb \(port)")
    return words.count == 2 ? UInt8(words[1].dropFirst(2), radix: 16) ?? 0xFF : 0xFF
  }

  @discardableResult
  private func command(_ text: String) -> [Substring] {
    guard failure == nil else { return [] }
    do {
      try commands.fileHandleForWriting.write(contentsOf: Data("\(text)\n".utf8))
    } catch {
      failure = "\(error)"
    }
    while failure == nil {
      if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
        let words = String(decoding: unread[..<end], as: UTF8.self).split(separator: " ")
        unread.removeSubrange(...end)
        if words.first == "OK" { return words }
        continue
      }
      let more = answers.fileHandleForReading.availableData
      if more.isEmpty { failure = "QEMU has ended" }
      unread += more
    }
    return []
  }
}
