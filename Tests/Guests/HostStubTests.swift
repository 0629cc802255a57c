import EmulatedPair
import Foundation
import Testing

/// `host.elf`, a PC's firmware in little: real port I/O in a stock QEMU, with QEMU's own BMC and
/// with our firmware, by messages and register by register.
extension PairTests {
  /// The interfaces of our firmware, each by both kinds of link.
  static let stubLinks = LinkKind.allCases.flatMap { kind in
    [
      StubLink(kind, Link("npcm750-evb", "kcs1", "isa-ipmi-kcs")),
      StubLink(kind, Link("ast2600-evb", "kcs3", "isa-ipmi-kcs")),
      StubLink(kind, Link("ast2600-evb", "ibt", "isa-ipmi-bt")),
    ]
  }

  @Test(arguments: stubLinks)
  func `host.elf and our firmware agree on every request and its completion code`(
    _ link: StubLink
  ) throws {
    let pair = try link.makePair()
    try pair.startBMC()
    let host = try pair.runHostStub(arguments: "count=3")
    let lines = host.lines
    #expect(host.exitStatus == .exited(85), "\(lines)")

    // The firmware has logged all of it, and the interface's own question of BT's driver.
    let bmc = try #require(pair.bmc)
    let asked = lines.filter { $0.contains(" -> ") }
    let name = link.link.responder.uppercased()
    func isAnswer(_ line: String) -> Bool {
      line.hasPrefix(name + " ") && line.contains(" -> ")
        && !line.contains("Get BT Interface Capabilities")
    }
    var cursor = 0
    for _ in asked { try bmc.wait(for: "an answer", from: &cursor, timeout: 30, where: isAnswer) }
    let answered = bmc.lines.filter(isAnswer)
    #expect(answered.map(Self.exchange) == asked.map(Self.exchange))

    #expect(lines.last == "host: \(asked.count) of \(asked.count) requests answered")
    #expect(asked.count(where: { $0.contains("Platform Event Message -> 00") }) == 3)
    // System Firmware Progress, as it was sent; the BMC may have had events of its own.
    let events = asked.filter {
      $0.contains("Read Event Message Buffer -> 00") && $0.hasSuffix("04 0F 00 6F C2 13 FF")
    }
    #expect(events.count == 3, "\(lines)")
    #expect(lines.contains { $0.hasPrefix("host: BMC firmware 0.01, IPMI 2.0") })

    // Port 80h, in order; SeaBIOS has written some before. By messages, QEMU's chardev drops what it
    // has not read when the host's QEMU ends, and so the last ones.
    if link.kind == .registers {
      cursor = 0
      try bmc.wait(for: "the last POST code", from: &cursor, timeout: 30) { $0 == "POST code AA" }
    }
    let codes = bmc.lines.filter { $0.hasPrefix("POST code ") }.map { $0.suffix(2) }
    let interface = link.isBT ? "11" : "10"
    let wanted =
      [interface, "20", "21", "22", "23", "24", "25", "26", "27", "28"]
      + (link.kind == .registers ? ["2F", "AA"] : [])
    var rest = codes[...]
    for code in wanted {
      let index = try #require(rest.firstIndex { $0 == code }, "\(code) in \(codes)")
      rest = rest[(index + 1)...]
    }
  }

  @Test(arguments: ["isa-ipmi-kcs", "isa-ipmi-bt"])
  func `host.elf talks to the BMC that stock QEMU has`(_ interface: String) throws {
    var configuration = try EmulatedPair.Configuration(
      bmc: .builtIn(), hostStub: Artifacts.hostStub())
    configuration.hostInterface = interface
    let host = try EmulatedPair(configuration).runHostStub()
    let name = interface == "isa-ipmi-bt" ? "BT" : "KCS"
    #expect(host.exitStatus == .exited(85), "\(host.lines)")
    #expect(host.lines.contains { $0.hasPrefix("\(name) 06 01 Get Device ID -> 00 completed") })
    #expect(host.lines.contains("\(name) 06 37 Get System GUID -> C1 invalid command"))
    #expect(host.lines.contains("\(name) 04 02 Platform Event Message -> 00 completed normally"))
    #expect(host.lines.last == "host: 11 of 11 requests answered, 3 refused")
  }

  /// A BMC that is stopped as an interface is open and idle.
  @Test(arguments: stubLinks.filter { $0.kind == .registers })
  func `host.elf ends when its BMC is silent`(_ link: StubLink) throws {
    let pair = try link.makePair()
    try pair.startBMC()
    pair.bmc?.suspend()
    let host = try pair.runHostStub(arguments: "limit=200")
    let name = link.isBT ? "BT" : "KCS"
    #expect(host.exitStatus == .exited(221), "\(host.lines)")
    #expect(host.lines.contains("\(name) 06 01 Get Device ID -> no response in time"))
    #expect(host.lines.last == "host: 0 of 1 requests answered")
    pair.bmc?.resume()
    // What it finds in its registers by then does not keep it from the next host.
    let next = try pair.runHostStub()
    #expect(next.exitStatus == .exited(85), "\(next.lines)")
  }

  @Test func `host.elf ends where there is neither KCS nor BT`() throws {
    let host = try Self.runAlone("")
    #expect(host.exitStatus == .exited(221), "\(host.lines)")
    #expect(
      host.lines.suffix(3) == [
        "host: KCS at 0CA2h: nothing there", "host: BT at 00E4h: nothing there",
        "host: 0 of 0 requests answered",
      ])
  }

  /// QEMU answers for a BMC that is not connected that it is starting.
  @Test func `host.elf waits for a BMC that starts, and not for ever`() throws {
    let directory = try TemporaryDirectory()
    let host = try Self.runAlone(
      "limit=300", "-chardev",
      "socket,id=nobody,path=\(directory.appending("nobody")),reconnect=1",
      "-device", "ipmi-bmc-extern,chardev=nobody,id=bmc0", "-device", "isa-ipmi-kcs,bmc=bmc0")
    #expect(host.exitStatus == .exited(221), "\(host.lines)")
    let line = "KCS 06 01 Get Device ID -> D2 initialization in progress"
    #expect(host.lines.filter { $0.contains(" -> ") } == [line])
    #expect(host.lines.last == "host: 1 of 1 requests answered, 1 refused")
  }

  static let misunderstood = [
    "kcs=0xzz": "\"kcs=0xzz\" is not understood: expected kcs=PORT or kcs=none, PORT below 0xFFFE",
    "bt=65534": "\"bt=65534\" is not understood: expected bt=PORT or bt=none, PORT below 0xFFFE",
    "kcs=none count=0": "\"count=0\" is not understood: expected count=N, 1 to 1000000",
    "limit= bt=none":
      "\"limit=\" is not understood: expected limit=MS, 1 to 1000000 milliseconds",
    "verbose": "\"verbose\" is not understood: expected kcs=PORT, bt=PORT, count=N or limit=MS",
  ]

  @Test(arguments: misunderstood)
  func `host.elf says what of its command line it expects`(
    _ arguments: String, _ message: String
  ) throws {
    let host = try Self.runAlone(arguments)
    #expect(host.exitStatus == .exited(221), "\(host.lines)")
    #expect(host.lines.last == "host: " + message)
  }

  @Test func `host.elf finds interfaces where its command line says`() throws {
    let host = try Self.runAlone(
      "bt=0x1e4  kcs=0xca8 limit=1000",
      "-device", "ipmi-bmc-sim,id=bmc0", "-device", "isa-ipmi-kcs,bmc=bmc0,ioport=0xca8",
      "-device", "ipmi-bmc-sim,id=bmc1", "-device", "isa-ipmi-bt,bmc=bmc1,ioport=0x1e4,irq=0")
    #expect(host.exitStatus == .exited(85), "\(host.lines)")
    #expect(host.lines.contains("host: KCS at 0CA8h, status 00h"))
    #expect(host.lines.contains("host: BT at 01E4h, status 00h"))
    #expect(host.lines.last == "host: 22 of 22 requests answered, 6 refused")
  }

  /// "06 01 Get Device ID -> 00", of the host's line and of the firmware's: without the interface's
  /// name, and without what is behind the completion code.
  private static func exchange(_ line: String) -> String {
    guard let space = line.firstIndex(of: " "), let arrow = line.range(of: " -> ") else {
      return line
    }
    return String(line[space..<arrow.upperBound] + line[arrow.upperBound...].prefix(2))
  }

  /// The program in a PC of QEMU's, with nothing but what `options` add.
  private static func runAlone(_ arguments: String, _ options: String...) throws -> ChildProcess {
    let process = try ChildProcess(
      name: "host",
      command: [
        "qemu-system-x86_64", "-accel", "tcg", "-machine", "pc", "-nographic", "-no-reboot",
        "-kernel", Artifacts.hostStub(), "-append", arguments,
        "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
      ] + options)
    _ = try process.waitForExit(timeout: 60)
    return process
  }
}

/// An interface of a BMC, the device by which `host.elf` sees it, and how they are joined.
struct StubLink: CustomTestStringConvertible, Sendable {
  var kind: LinkKind
  var link: Link

  init(_ kind: LinkKind, _ link: Link) {
    self.kind = kind
    self.link = link
  }

  var testDescription: String { "\(link.testDescription) by \(kind.rawValue)" }
  var isBT: Bool { link.responder == "ibt" }

  func makePair() throws -> EmulatedPair {
    let board = try #require(Board.named(link.board))
    var configuration = try EmulatedPair.Configuration(
      // Without pins that tell the BMC of the host: the event of that is in nobody's way.
      bmc: .firmware(board, responder: link.responder, controlsHost: false),
      hostStub: Artifacts.hostStub())
    configuration.link = kind
    configuration.hostInterface = link.hostInterface
    return try EmulatedPair(configuration)
  }
}
