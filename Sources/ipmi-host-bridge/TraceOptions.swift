import ArgumentParser
import EmulatedPair
import IPMI
import Tracing
import Transport

/// Files that a command traces messages to.
struct TraceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Write what is said to this file, .pcapng for Wireshark or .jsonl for programs; may be repeated.",
      valueName: "file"))
  var trace: [String] = []

  func validate() throws { try Self.validate(trace, showRegisters: false) }

  /// Begins the files; nil where none is wanted.
  func begin(_ channels: [TraceChannel]) throws -> TraceLog? {
    guard !trace.isEmpty else { return nil }
    return try begin(channels) { _ in }
  }

  /// Begins the files, if any, with somebody who looks on.
  func begin(
    _ channels: [TraceChannel], observer: @escaping @Sendable (TraceEvent) -> Void
  ) throws -> TraceLog {
    do {
      return try TraceLog(
        trace, channels: channels, comment: CommandLine.arguments.joined(separator: " "),
        observer: observer)
    } catch {
      throw EmulatorError(error.description)
    }
  }

  /// Refuses files that cannot be written, or that would show nothing.
  static func validate(_ trace: [String], showRegisters: Bool) throws {
    let formats = showRegisters ? ".pcapng, .jsonl or .vcd" : ".pcapng or .jsonl"
    guard Set(trace).count == trace.count else {
      throw ValidationError("--trace is given twice with the same file.")
    }
    for path in trace {
      guard let format = TraceFormat(path: path) else {
        throw ValidationError(
          "--trace \(path): the end of the name says what is written; \(formats) is expected.")
      }
      guard showRegisters || format.showsMessages else {
        throw ValidationError(
          "--trace \(path): a waveform shows registers, and here are whole messages only; "
            + "choose a name that ends in .pcapng or .jsonl.")
      }
    }
  }

  /// Says how each file is to be read.
  func explain() { Self.explain(trace) }

  static func explain(_ trace: [String]) {
    for path in trace {
      switch TraceFormat(path: path) {
      case .pcapng: print("tracing to \(path): \(Self.tshark) -r \(path)")
      default: print("tracing to \(path)")
      }
    }
  }

  /// Without the preference, Wireshark 4 decodes no message.
  static let tshark = "tshark -o ipmi.dissect_bus_commands:TRUE"
}

extension TraceChannel {
  /// The messages of a device's file.
  init(device name: String) {
    self.init(
      FixedBytes(truncating: name), .messages,
      description: FixedBytes(truncating: "/dev/\(name)"))
  }

  /// The messages of a connection to a BMC.
  init(wireTo address: LinkAddress) {
    self.init(
      FixedBytes("vm"), .messages,
      description: FixedBytes(truncating: "VM protocol to \(address)"))
  }
}
