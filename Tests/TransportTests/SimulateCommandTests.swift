import EmulatedPair
import Foundation
import IPMI
import Testing
import Transport

@Suite struct SimulateCommandTests {
  @Test func `it says where it listens, answers there, and ends with its sockets removed`() throws {
    for signal in [SIGINT, SIGTERM] {
      let directory = try TemporaryDirectory()
      let path = directory.appending("bmc.sock")
      let process = try SimulateProcess.start([
        "--listen", "unix:\(path)", "--listen", "tcp:127.0.0.1:0",
      ])
      #expect(process.lines.first == "listening on unix:\(path)")
      let line = try #require(process.lines.first { $0.hasPrefix("listening on tcp:127.0.0.1:") })
      let address = try LinkAddress(String(line.dropFirst("listening on ".count)))
      #expect(try WireClient(address).deviceIDIsAnswered())
      let client = try WireClient(.unix(path: path))
      #expect(try client.deviceIDIsAnswered())
      kill(process.processIdentifier, signal)
      #expect(try process.waitForExit(timeout: 10) == .exited(0))
      #expect(throws: WireClient.Failure.closed) { while true { _ = try client.bytes() } }
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }

  @Test func `it is who it is told to be, on each link with a GUID of its own`() throws {
    let directory = try TemporaryDirectory()
    let paths = (0..<3).map { directory.appending("\($0)") }
    let process = try SimulateProcess.start(
      paths.flatMap { ["--listen", "unix:\($0)"] } + [
        "--device-id", "7", "--manufacturer", "343", "--product", "4660", "--guid",
        "00112233-4455-6677-8899-aabbccddefff",
      ])
    for (link, path) in paths.enumerated() {
      let client = try WireClient(.unix(path: path))
      client.send(request(.getDeviceID, id: 1))
      let identity = try client.response(to: 1).0
      #expect(identity.data(0) == 7)
      #expect((6..<11).map { identity.data($0) } == [0x57, 0x01, 0x00, 0x34, 0x12])
      client.send(request(.getDeviceGUID, id: 2))
      let guid = try client.response(to: 2).0
      #expect(guid.dataCount == 16)
      // From its end, as IPMI has it; the last number counts the links.
      let last: [UInt8] = [[0xFF, 0xEF], [0x00, 0xF0], [0x01, 0xF0]][link]
      #expect((0..<3).map { guid.data($0) } == last + [0xDD])
      #expect(guid.data(15) == 0x00 && guid.data(14) == 0x11)
    }
    #expect(process.exitStatus == nil)
  }

  @Test func `it connects to a VM that listens`() throws {
    let listener = try WireListener()
    let process = try SimulateProcess.start(["--connect", "tcp:127.0.0.1:\(listener.port)"])
    for _ in 0..<2 { #expect(try listener.accept().deviceIDIsAnswered()) }
    #expect(process.exitStatus == nil)
  }

  @Test func `its log says what happened, and its level is chosen`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.appending("bmc.sock")
    for (level, isLogged) in [("notice", true), ("error", false)] {
      let process = try SimulateProcess.start(["--listen", "unix:\(path)", "--log-level", level])
      let client = try WireClient(.unix(path: path))
      client.send(qemuGreeting + request(.chassisControl, [3], id: 1))
      _ = try client.response(to: 1)
      process.interrupt()
      _ = try process.waitForExit(timeout: 10)
      #expect(process.lines.contains { $0.contains("asked for: hard reset") } == isLogged)
    }
  }

  @Test(arguments: [
    ([], "--listen"), (["--listen", "bmc.sock"], "unix:PATH"),
    (["--listen", "tcp:0.0.0.0:9002"], "--allow-remote"),
    (["--listen", "tcp:[::]:9002"], "--allow-remote"),
    (["--connect", "tcp:192.0.2.1:9002"], "--allow-remote"),
    (["--connect", "tcp:example.net:9002"], "--allow-remote"),
    (["--connect", "tcp:127.0.0.1:0"], "the port"),
    (["--listen", "unix:a", "--manufacturer", "1048576"], "20 bits"),
    (["--listen", "unix:a", "--device-id", "256"], "device-id"),
    (["--listen", "unix:a", "--guid", "x"], "UUID"),
    (["--listen", "unix:a", "--name", ""], "1 to 16"),
    (["--listen", "unix:a", "--name", "A", "--config", "b"], "- controller: NAME"),
    (["--listen", "unix:a", "--fru-area-size", "64"], "--fru"),
    (["--listen", "unix:a", "--fru", "b", "--fru-area-size", "7"], "8 to 8192"),
    (
      ["--listen", "unix:a", "--listen", "unix:b", "--state", "s"],
      "2 links and 1 --state: each link's BMC needs a file of its own"
    ),
    (["--listen", "unix:a", "--state", "s", "--state", "t"], "1 links and 2 --state"),
    (
      ["--listen", "unix:a", "--listen", "unix:b", "--state", "s", "--state", "./s"],
      "--state ./s is given twice"
    ),
    (["--listen", "unix:a", "--log-level", "loud"], "loud"),
  ])
  func `a command line that makes no sense is refused with status 64`(
    _ arguments: [String], _ expected: String
  ) throws {
    let run = try SimulateProcess.run(arguments)
    #expect(run.status == .exited(64))
    #expect(run.lines.joined(separator: "\n").contains(expected))
  }

  @Test(arguments: [
    ("unix:/no/such/folder/bmc.sock", "could not listen"), ("unix:/etc/passwd", "no socket"),
  ])
  func `what cannot be listened on is named in one line, with status 1`(
    _ address: String, _ reason: String
  ) throws {
    let run = try SimulateProcess.run(["--listen", address])
    #expect(run.status == .exited(1))
    #expect(run.lines.count == 1)
    #expect(run.lines.first?.contains(address) == true && run.lines[0].contains(reason))
  }

  @Test func `it has a page of help`() throws {
    let run = try SimulateProcess.run(["--help"])
    #expect(run.status == .exited(0))
    let page = run.lines.joined(separator: "\n")
    for word in [
      "ipmi-bmc-extern", "--allow-remote", "--connect", "smbus-ipmi", "SIGTERM", "--config",
      "--state", "--fru-area-size",
    ] {
      #expect(page.contains(word), "\(word)")
    }
  }
}
