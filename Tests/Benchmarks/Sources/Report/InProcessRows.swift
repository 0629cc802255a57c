import EmulatedPair
import Foundation

/// What `in-process` measures, in one of its two builds: Embedded, as an emulator loads it, or
/// native, as another package links it, where what is generic across modules is not specialised.
struct InProcessRows {
  /// Added to what is measured.
  private let note: String
  /// Picoseconds, counts, bytes and thousandths, by name.
  private var values: [String: Double] = [:]
  /// Instructions of one operation each, by name; empty without valgrind.
  private var instructions: [String: Double] = [:]

  /// Runs the program at `path`.
  init(_ path: String, note: String = "") throws {
    self.note = note
    let directory = try TemporaryDirectory()
    values = try Self.values([path], in: directory)
    let counts = directory.appending("counts")
    guard let callgrind = Callgrind.prefix(path: counts) else { return }
    progress("instructions in process\(note)")
    let operations = try Self.values(callgrind + [path], in: directory, rounds: 1)
    for (name, count) in try Callgrind.counts(path: counts) {
      instructions[name] = operations[name + ".operations"].map { count / $0 }
    }
  }

  private static func values(
    _ command: [String], in directory: TemporaryDirectory, rounds: Int? = nil
  ) throws -> [String: Double] {
    var environment = ["BENCH_LINK": directory.appending("link")]
    if let rounds { environment["BENCH_ROUNDS"] = "\(rounds)" }
    let process = try ChildProcess(name: "in-process", command: command, environment: environment)
    let status = try process.waitForExit(timeout: 240)
    var values: [String: Double] = [:]
    for line in process.lines {
      let fields = line.split(separator: "\t")
      if fields.count == 2 { values[String(fields[0])] = Double(fields[1]) }
    }
    guard status == .exited(0), !values.isEmpty else {
      throw EmulatorError("\(command) ended (\(status)): \(process.lines.suffix(5))")
    }
    return values
  }

  private func value(_ name: String) throws -> Double {
    guard let value = values[name] else { throw EmulatorError("in-process measured no \(name)") }
    return value
  }

  var accesses: [Row] {
    get throws {
      try [
        access("access.poll", "BMC register access that moves nothing", limit: 10),
        // The whole transaction, by accesses: its aim is the rate below.
        access("access.transaction", "BMC register access, mean of a Get Device ID"),
        access("access.link", "Host status read of a link of registers"),
      ]
    }
  }

  /// What each trace costs an access.
  var traces: [Row] {
    get throws {
      try [("pcapng", "pcapng"), ("jsonl", "JSON lines"), ("vcd", "VCD")].map { name, title in
        let (figure, floor) = try (
          value("trace.\(name).figure") / 1000, value("trace.\(name).floor") / 1000
        )
        return Row(
          what: "BMC register access, mean of a Get Device ID, tracing \(title)",
          figure: "\(decimal(figure, 1)) ns, \(decimal(figure - floor, 1)) added",
          beside: "\(decimal(floor, 1)) ns, tracing off",
          ratio: try value("trace.\(name).ratio") / 1000)
      }
    }
  }

  /// Nanoseconds over those of an empty callback.
  private func access(_ name: String, _ what: String, limit: Double? = nil) throws -> Row {
    let figure = try value(name + ".figure") / 1000
    let floor = try value(name + ".floor") / 1000
    return Row(
      what: what, figure: "\(decimal(figure, 1)) ns, \(decimal(figure - floor, 1)) added",
      beside: "\(decimal(floor, 1)) ns, empty callback", ratio: try value(name + ".ratio") / 1000,
      aim: limit.map { aim("≤ \(Int($0)) ns added", met: figure - floor <= $0) } ?? "",
      instructions: instructions[name])
  }

  var transactions: Row {
    get throws {
      let rate = try 1e12 / value("transaction.figure")
      let accesses = try Int(value("transaction.accesses"))
      return Row(
        what: "Get Device ID in process, \(accesses) BMC accesses each\(note)",
        figure: "\(decimal(rate / 1000, 0))k/s",
        beside: "\(decimal(try 1e9 / value("transaction.floor"), 0))k/s, as many empty callbacks",
        ratio: try value("transaction.ratio") / 1000, aim: aim("≥ 500k/s", met: rate >= 500_000),
        instructions: instructions["transaction"])
    }
  }

  var codec: [Row] {
    get throws {
      try [
        codec("decode.short", "VM protocol decoded, 17-byte messages"),
        codec("decode.long", "VM protocol decoded, 300-byte messages"),
        codec("encode.short", "VM protocol encoded, 17-byte messages"),
        codec("encode.long", "VM protocol encoded, 300-byte messages"),
      ]
    }
  }

  private func codec(_ name: String, _ what: String) throws -> Row {
    // Picoseconds per byte to megabytes per second.
    let (figure, floor) = try (1e6 / value(name + ".figure"), 1e6 / value(name + ".floor"))
    return Row(
      what: what, figure: "\(decimal(figure, 0)) MB/s",
      beside: "\(decimal(floor, 0)) MB/s, copy and sum byte by byte",
      ratio: try value(name + ".ratio") / 1000, instructions: instructions[name])
  }

  var sizes: [Row] {
    get throws {
      let (module, bridge) = try (value("size.module"), value("size.bridge"))
      return [
        Row(
          what: "State of the NPCM7xx host interface", figure: "\(Int(module)) B",
          beside: "33 B, its 8-bit registers", ratio: module / 33),
        Row(
          what: "State of a bridge, queue included", figure: "\(Int(bridge)) B",
          beside: "600 B, a request and a response", ratio: bridge / 600),
      ]
    }
  }
}
