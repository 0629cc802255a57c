import EmulatedPair
import Foundation
import IPMI
import Testing

/// A stock QEMU whose BMC is `simulate`: what its guest asks of the chassis, QEMU does.
@Suite(.enabled(if: Programs.find("qemu-system-x86_64") != nil)) struct StockQEMUTests {
  /// A PC without a processor that runs: its bus cycles are typed into its console.
  struct PC {
    let process: ChildProcess

    init(chardev: String) throws {
      process = try ChildProcess(
        name: "qemu-system-x86_64",
        command: [
          "qemu-system-x86_64", "-M", "pc", "-accel", "tcg", "-S", "-display", "none", "-qtest",
          "stdio", "-no-reboot", "-chardev", "socket,id=ipmi0,\(chardev)", "-device",
          "ipmi-bmc-extern,chardev=ipmi0,id=bmc0", "-device", "isa-ipmi-kcs,bmc=bmc0",
        ])
    }

    /// Writes a request into KCS at CA2h, as QEMU's `ipmi-kcs-test` does.
    func write(_ request: [UInt8]) throws {
      try process.type("outb 0xca3 0x61")
      for byte in request.dropLast() { try process.type("outb 0xca2 \(byte)") }
      try process.type("outb 0xca3 0x62")
      try process.type("outb 0xca2 \(request.last!)")
    }
  }

  /// Without `-no-reboot` only the first would end QEMU.
  @Test(arguments: [("power off", 0), ("power cycle", 2), ("hard reset", 3)] as [(String, UInt8)])
  func `chassis control ends a QEMU that ends on it`(_ name: String, _ control: UInt8) throws {
    let directory = try TemporaryDirectory()
    let path = directory.appending("bmc.sock")
    let bmc = try SimulateProcess.start(["--listen", "unix:\(path)"])
    let pc = try PC(chardev: "path=\(path),reconnect=1")
    var cursor = 0
    try bmc.wait(for: "QEMU", from: &cursor, timeout: 20) { $0.contains("capabilities: 3Fh") }
    try pc.write([0x00, 0x02, control])
    #expect(try pc.process.waitForExit(timeout: 20) == .exited(0))
    try bmc.wait(for: "the log", from: &cursor, timeout: 10) { $0.contains("was asked for") }
    try bmc.wait(for: "the end", from: &cursor, timeout: 10) { $0.contains(": disconnected") }
    #expect(bmc.exitStatus == nil)
  }

  /// QEMU listens here; `simulate` comes later than the device, as QEMU 7.2 needs it.
  @Test func `a QEMU that listens is connected to`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.appending("bmc.sock")
    let pc = try PC(chardev: "path=\(path),server=on,wait=off")
    try pc.process.type("inb 0xca3")
    var cursor = 0
    try pc.process.wait(for: "qtest", from: &cursor, timeout: 20) { $0.hasPrefix("OK 0x") }
    let bmc = try SimulateProcess.start(["--connect", "unix:\(path)"])
    var line = 0
    try bmc.wait(for: "QEMU", from: &line, timeout: 20) { $0.contains("capabilities: 3Fh") }
    try pc.write([0x00, 0x02, 0x00])
    #expect(try pc.process.waitForExit(timeout: 20) == .exited(0))
  }
}
