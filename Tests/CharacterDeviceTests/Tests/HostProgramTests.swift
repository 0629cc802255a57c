import EmulatedPair
import Foundation
import IPMI
import Testing

@testable import CharacterDevice

/// Stock ipmitool and FreeIPMI on this machine, with a BMC behind their /dev/ipmi0.
@Suite(.enabled(if: !Command.Way.all.isEmpty, "FUSE, or the device library"))
struct HostProgramTests {
  /// A daemon behind KCS, which listens for a host.
  private static func daemon(_ socket: String, by way: Command.Way) throws -> ChildProcess {
    let process = try ChildProcess(
      name: "openbmc",
      command: [Command.executable, "openbmc", "--device", way.rawValue, "--kcs", "ipmi-kcs3"]
        + ["--host", "unix:" + socket, "--", Command.daemon, "kcsbridged", "/dev/ipmi-kcs3"])
    var cursor = 0
    try process.wait(for: "the daemon", from: &cursor, timeout: 20) { $0 == "ipmi-kcs3 open" }
    return process
  }

  @Test(
    .enabled(if: Programs.find("ipmitool") != nil, "ipmitool is not installed"),
    arguments: Command.Way.all)
  func ipmitoolReachesADaemonThroughBothFiles(by way: Command.Way) throws {
    let directory = try TemporaryDirectory()
    let socket = directory.appending("bmc")
    let daemon = try Self.daemon(socket, by: way)
    for last in ["01", "02", "03"] {
      let run = try Command.host(
        socket, ["ipmitool", "raw", "0x2e", "0x10", "1", "2", last], by: way)
      #expect(run.status == .exited(0), "\(run.lines)")
      #expect(run.lines.contains(" 01 02 \(last)"), "\(run.lines)")
    }
    #expect(daemon.lines.contains("ipmi-kcs3 read  b8 10 01 02 03"))
    #expect(daemon.exitStatus == nil)
  }

  @Test(
    .enabled(if: Programs.find("ipmitool") != nil, "ipmitool is not installed"),
    arguments: Command.Way.all)
  func ipmitoolReachesTheSimulator(by way: Command.Way) throws {
    let directory = try TemporaryDirectory()
    let socket = directory.appending("bmc")
    let bmc = try ChildProcess(
      name: "simulate", command: [Command.executable, "simulate", "--listen", "unix:" + socket])
    var cursor = 0
    try bmc.wait(for: "the BMC", from: &cursor, timeout: 20) { $0.hasPrefix("listening on ") }
    let info = try Command.host(socket, ["ipmitool", "mc", "info"], by: way)
    #expect(info.status == .exited(0), "\(info.lines)")
    #expect(info.lines.contains { $0.hasPrefix("IPMI Version") && $0.hasSuffix(": 2.0") })
    // An answer that is no success is ipmitool's own failure, and its status this program's.
    let failure = try Command.host(socket, ["ipmitool", "raw", "6", "0xff"], by: way)
    #expect(failure.status == .exited(1))
    if Programs.find("bmc-info") != nil {
      let free = try Command.host(
        socket, ["bmc-info", "--driver-type=OPENIPMI", "--driver-device=/dev/ipmi0"], by: way)
      #expect(free.status == .exited(0), "\(free.lines)")
      #expect(free.lines.contains { $0.hasPrefix("Device ID") && $0.hasSuffix(": 32") })
    }
  }

  @Test func withoutABMCItIsSaidWhatToDo() throws {
    let directory = try TemporaryDirectory()
    let run = try Command.host(directory.appending("none"), ["true"])
    #expect(run.status == .exited(1))
    #expect(run.lines.contains { $0.contains("start the BMC first") })
  }
}

/// What `/dev/ipmiN` keeps for each of those that have it open.
@Suite struct IPMIDriverTests {
  @Test func answersReachThoseWhoAsked() {
    var driver = IPMIDriver()
    let first = driver.open()
    let second = driver.open()
    driver.send(Message(.getDeviceID), number: 7, from: first)
    driver.send(Message(.getSelfTestResults), number: 7, from: second)
    let sent = driver.takeRequest(now: 0)
    #expect(sent?.1 == Message(.getDeviceID))
    // One at a time.
    #expect(driver.takeRequest(now: 0) == nil)
    let response = Message(respondingTo: Message(.getDeviceID))
    driver.answer(sent!.id &+ 1, response)
    #expect(driver.poll(first) == [])
    driver.answer(sent!.id, response)
    #expect(driver.poll(first) == .input)
    #expect(driver.poll(second) == [])
    #expect(driver.takeWoken() == [first])
    #expect(driver.takeRequest(now: 0)?.1 == Message(.getSelfTestResults))
    // What does not fit stays.
    #expect(driver.receive(first) { _ in false }?.fits == false)
    let received = driver.receive(first) { _ in true }
    #expect(received?.0 == IPMIDriver.Received(number: 7, response: response))
    #expect(driver.receive(first) { _ in true } == nil)
  }

  @Test func silentBMCIsATimeoutAndAnAbsentOneFailsAtOnce() {
    var driver = IPMIDriver()
    let owner = driver.open()
    for number in 1...3 { driver.send(Message(.getDeviceID), number: number, from: owner) }
    _ = driver.takeRequest(now: 10)
    #expect(driver.deadline == 5_000_000_010)
    driver.advance(now: 5_000_000_009)
    #expect(driver.poll(owner) == [])
    driver.advance(now: 5_000_000_010)
    #expect(driver.receive(owner) { _ in true }?.0.response.completionCode == .timeout)
    driver.fail(.responseNotProvided)
    for number in 2...3 {
      let received = driver.receive(owner) { _ in true }
      #expect(received?.0.number == number)
      #expect(received?.0.response.completionCode == .responseNotProvided)
    }
    #expect(driver.deadline == nil)
  }

  @Test func closedFileTakesNoAnswer() {
    var driver = IPMIDriver()
    let owner = driver.open()
    driver.send(Message(.getDeviceID), number: 1, from: owner)
    driver.send(Message(.getDeviceID), number: 2, from: owner)
    let id = driver.takeRequest(now: 0)!.id
    driver.release(owner)
    driver.answer(id, Message(respondingTo: Message(.getDeviceID)))
    #expect(driver.takeWoken() == [])
    #expect(driver.takeRequest(now: 0) == nil)
  }
}
