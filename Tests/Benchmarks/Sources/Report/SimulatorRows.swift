import CWire
import EmulatedPair
import Foundation

/// `simulate`, OpenIPMI's `ipmi_sim` and servers that send back what they get, over TCP.
///
/// All of them run all the time and are measured in turns.
struct SimulatorRows {
  static let rounds = 15
  static let roundTrips = 4000
  static let pipelined = 40_000
  static let windows = [1, 8, 128]
  static let idleLinks = 1000

  private enum Server: Int, CaseIterable {
    case simulate, ipmiSim, echo, nioEcho
  }

  /// What is measured of a server, one figure for each round.
  private struct Figures {
    /// Microseconds, the median of a round.
    var roundTrip: [Double] = []
    /// Thousands of requests a second, by window.
    var rates = [[Double]](repeating: [], count: SimulatorRows.windows.count)
  }

  private let program: String
  private let processes: [ChildProcess]
  private let other: OpenIPMISimulator
  private let ports: [Int]
  private var figures = [Figures](repeating: Figures(), count: Server.allCases.count)

  /// The rows, of servers that have ended.
  static func measured(_ program: String) throws -> [Row] {
    var servers = try Self(program)
    try servers.measure()
    return try servers.rows
  }

  /// Starts the servers; `program` is `ipmi-host-bridge`.
  private init(_ program: String) throws {
    self.program = program
    let ours = try ChildProcess(
      name: "simulate", command: [program, "simulate", "--listen", "tcp:127.0.0.1:0"])
    let echo = try ChildProcess(name: "echo", command: [CommandLine.arguments[0], "echo"])
    let nioEcho = try ChildProcess(
      name: "swift-nio echo", command: [CommandLine.arguments[0], "nio-echo"])
    other = try OpenIPMISimulator()
    processes = [ours, echo, nioEcho]
    ports = try [
      Self.port(of: ours), Int(other.port), Self.port(of: echo), Self.port(of: nioEcho),
    ]
  }

  /// The number behind the last colon of the first line that ends with one.
  static func port(of process: ChildProcess) throws -> Int {
    var cursor = 0
    var port = 0
    try process.wait(for: "its port", from: &cursor, timeout: 60) { line in
      port = line.split(separator: ":").last.flatMap { Int($0) } ?? 0
      return port != 0
    }
    return port
  }

  /// What the program does as the server that sends back: it prints its port and serves.
  static func echo() throws {
    var port: CInt = 0
    let listener = unsafe cwire_echo_listen(&port)
    guard listener >= 0 else { throw EmulatorError("could not listen") }
    print("listening on :\(port)")
    fflush(nil)
    cwire_echo_serve(listener)
  }

  /// Measures all servers in turns.
  private mutating func measure() throws {
    let connections = try zip(Server.allCases, ports).map { server, port in
      let connection = cwire_connect(CInt(port))
      guard connection >= 0 else { throw EmulatorError("\(server) does not answer") }
      return connection
    }
    defer { for connection in connections { close(connection) } }
    // The first round warms the servers up.
    for round in 0...Self.rounds {
      if round > 0 { progress("requests over TCP, round \(round) of \(Self.rounds)") }
      for server in Server.allCases {
        let connection = connections[server.rawValue]
        let roundTrip = try Self.roundTrip(connection)
        if round > 0 { figures[server.rawValue].roundTrip.append(roundTrip) }
      }
      for (index, window) in Self.windows.enumerated() {
        for server in Server.allCases {
          let rate = try Self.rate(connections[server.rawValue], window)
          if round > 0 { figures[server.rawValue].rates[index].append(rate) }
        }
      }
    }
  }

  private static func roundTrip(_ connection: CInt) throws -> Double {
    var times = [UInt64](repeating: 0, count: roundTrips)
    guard unsafe cwire_round_trips(connection, &times, CInt(roundTrips)) == 0 else {
      throw EmulatorError("a server has left")
    }
    return median(times.map { Double($0) / 1000 })
  }

  static func rate(_ connection: CInt, _ window: Int) throws -> Double {
    let time = cwire_pipelined(connection, CInt(window), CInt(pipelined))
    guard time > 0 else { throw EmulatorError("a server has left") }
    return Double(pipelined) * 1e6 / Double(time)
  }

  private func figures(of server: Server) -> Figures { figures[server.rawValue] }

  private var rows: [Row] {
    get throws {
      let ours = figures(of: .simulate)
      let instructions = try instructionsOfRoundTrip()
      let roundTrips = [Server.echo, .nioEcho, .ipmiSim].map { server in
        let theirs = figures(of: server).roundTrip
        let ratio = median(zip(ours.roundTrip, theirs).map { $0 / $1 })
        return Row(
          what: "Get Device ID over TCP, simulate, round trip",
          figure: "\(decimal(median(ours.roundTrip), 1)) µs",
          beside: "\(decimal(median(theirs), 1)) µs, \(name(server))", ratio: ratio,
          aim: server == .echo ? aim("≤ 1.1", met: ratio <= 1.1) : "", instructions: instructions)
      }
      let pipelined = Self.windows.indices.flatMap { index in
        [Server.echo, .ipmiSim].map { server in
          let (rates, theirs) = (ours.rates[index], figures(of: server).rates[index])
          let ratio = median(zip(theirs, rates).map { $0 / $1 })
          let window = Self.windows[index]
          return Row(
            what: "Get Device ID over TCP, simulate, window \(window)",
            figure: "\(decimal(median(rates), 0))k/s",
            beside: "\(decimal(median(theirs), 0))k/s, \(name(server))", ratio: ratio,
            aim: window == 128 && server == .ipmiSim ? aim("≤ 0.25", met: ratio <= 0.25) : "")
        }
      }
      return try roundTrips + pipelined + [idleLinks()]
    }
  }

  /// What `simulate` executes for a round trip, the kernel aside; nil without valgrind.
  private func instructionsOfRoundTrip() throws -> Double? {
    let directory = try TemporaryDirectory()
    func count(_ roundTrips: Int) throws -> Double? {
      let path = directory.appending("\(roundTrips)")
      guard let callgrind = Callgrind.prefix(path: path) else { return nil }
      progress("instructions of \(roundTrips) round trips of simulate")
      let process = try ChildProcess(
        name: "simulate", command: callgrind + [program, "simulate", "--listen", "tcp:127.0.0.1:0"])
      let connection = try cwire_connect(CInt(Self.port(of: process)))
      guard connection >= 0 else { throw EmulatorError("simulate does not answer") }
      var times = [UInt64](repeating: 0, count: roundTrips)
      let result = unsafe cwire_round_trips(connection, &times, CInt(roundTrips))
      close(connection)
      process.interrupt()
      _ = try process.waitForExit(timeout: 30)
      guard result == 0 else { throw EmulatorError("simulate has left") }
      return try Callgrind.total(path: path)
    }
    // What it takes to start and to end is in both.
    guard let few = try count(1000), let many = try count(3000) else { return nil }
    return (many - few) / 2000
  }

  private func name(_ server: Server) -> String {
    switch server {
    case .simulate: "simulate"
    case .ipmiSim: "ipmi_sim"
    case .echo: "echo"
    case .nioEcho: "swift-nio echo"
    }
  }

  /// What a link costs that a VM is connected to, has asked for something once, and asks no more.
  private func idleLinks() throws -> Row {
    progress("memory of \(Self.idleLinks) idle links")
    let few = try memory(ofLinks: 1)
    let many = try memory(ofLinks: 1 + Self.idleLinks)
    let each = (many - few) / Double(Self.idleLinks)
    let theirs = try residentSize(of: other.process)
    return Row(
      what: "Memory of an idle link of simulate, of 1,000", figure: "\(decimal(each, 1)) KiB",
      beside: "\(decimal(theirs, 0)) KiB, ipmi_sim with one", ratio: each / theirs,
      aim: aim("≤ 16 KiB", met: each <= 16))
  }

  /// KiB resident.
  private func memory(ofLinks count: Int) throws -> Double {
    let directory = try TemporaryDirectory()
    let paths = (0..<count).map { directory.appending("\($0)") }
    let process = try ChildProcess(
      name: "simulate",
      command: [program, "simulate"] + paths.flatMap { ["--listen", "unix:\($0)"] })
    var cursor = 0
    for _ in paths {
      try process.wait(for: "a link", from: &cursor, timeout: 30) { $0.hasPrefix("listening on") }
    }
    let connections = paths.map { unsafe cwire_unix_connect($0) }
    defer { for connection in connections { close(connection) } }
    guard connections.allSatisfy({ $0 >= 0 }) else {
      throw EmulatorError("simulate does not answer on all links")
    }
    return try residentSize(of: process)
  }
}
