import CWire
import EmulatedPair
import Foundation

/// Transactions through `/dev/ipmi-kcs3` and `/dev/ipmi-bt-host`: from a host, by the VM protocol, to a
/// daemon and back, beside a pipe's round trip of as many bytes.
struct DeviceRows {
  static let rounds = 15
  static let roundTrips = 2000

  private struct Device {
    let what: String
    let connection: CInt
    let process: ChildProcess
    var figures: [Double] = []
  }

  private var devices: [Device] = []
  private var pipe: [Double] = []
  private let directory: TemporaryDirectory

  /// - Parameters:
  ///   - program: `ipmi-host-bridge`.
  ///   - daemon: `device-daemon`.
  static func measured(_ program: String, _ daemon: String) throws -> [Row] {
    var rows = try Self(program, daemon)
    try rows.measure()
    return rows.rows
  }

  private init(_ program: String, _ daemon: String) throws {
    directory = try TemporaryDirectory()
    for (kind, way) in [("kcs", "fuse"), ("kcs", "preload"), ("bt", "fuse"), ("bt", "preload")] {
      let name = kind == "kcs" ? "ipmi-kcs3" : "ipmi-bt-host"
      let socket = directory.appending("\(kind)-\(way)")
      let options = kind == "kcs" ? ["--kcs", name] : ["--bt"]
      let process = try ChildProcess(
        name: "openbmc",
        command: [program, "openbmc", "--device", way] + options
          + ["--host", "unix:" + socket, "--", daemon, kind, "/dev/" + name],
        environment: ["TMPDIR": directory.path])
      var cursor = 0
      try process.wait(for: "the daemon", from: &cursor, timeout: 10) { $0 == "\(name) open" }
      let connection = unsafe cwire_unix_connect(socket)
      guard connection >= 0 else { throw EmulatorError("\(name) does not answer") }
      devices.append(
        Device(
          what: "Transaction of /dev/\(name), \(way == "fuse" ? "FUSE" : "preloaded")",
          connection: connection, process: process))
    }
  }

  private mutating func measure() throws {
    defer { for device in devices { close(device.connection) } }
    // The first round warms up.
    for round in 0...Self.rounds {
      if round > 0 { progress("transactions of devices, round \(round) of \(Self.rounds)") }
      for index in devices.indices {
        let connection = devices[index].connection
        let time = try unsafe Self.median(of: "a daemon") { times, count in
          unsafe cwire_round_trips(connection, times, count)
        }
        if round > 0 { devices[index].figures.append(time) }
      }
      let time = try unsafe Self.median(of: "a pipe") { times, count in
        unsafe cwire_pipe_round_trips(times, count)
      }
      if round > 0 { pipe.append(time) }
    }
  }

  /// Microseconds, the median of a round.
  private static func median(
    of what: String, _ measure: (UnsafeMutablePointer<UInt64>, CInt) -> CInt
  ) throws -> Double {
    var times = [UInt64](repeating: 0, count: roundTrips)
    let isMeasured = unsafe times.withUnsafeMutableBufferPointer {
      unsafe measure($0.baseAddress!, CInt(roundTrips)) == 0
    }
    guard isMeasured else { throw EmulatorError("\(what) has left") }
    return benchmarks.median(times.map { Double($0) / 1000 })
  }

  private var rows: [Row] {
    devices.map { device in
      let time = benchmarks.median(device.figures)
      return Row(
        what: device.what,
        figure: "\(decimal(1e6 / time, 0))/s, \(decimal(time, 1)) µs",
        beside: "\(decimal(benchmarks.median(pipe), 1)) µs, a pipe's round trip",
        ratio: benchmarks.median(zip(device.figures, pipe).map { $0 / $1 }))
    }
  }
}
