import ArgumentParser
import EmulatedPair
import Foundation
import Report

/// A trace as a page for a browser.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Make a page of a trace: what was asked, how long it took, what went wrong.",
    discussion: """
      The file is a .pcapng or a .jsonl of "capture --trace", of any other command's --trace, \
      or of trace= of the QEMU device "ipmi-host-extern". The page is one file, which needs no network:

        ipmi-host-bridge report kcs1.jsonl -o report.html

      It has a timeline of host and BMC, latencies, a table of commands, and of a transaction that is \
      chosen, the bytes with their names, and the waveform of the registers. Only a .jsonl with \
      registers has these: a .pcapng has the states of KCS, and messages.

      Everything in a file is counted, however long it is. Details are kept of the first 2000 \
      transactions at or after --from; the page says what was left out.

      Status 0: the page is there. 1: the file is damaged, and the page has what is before that. 2: \
      there is no page.
      """)

  @Argument(help: "The trace: a .pcapng or a .jsonl.")
  var file: String

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The page that is written.", valueName: "file"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "Show details of what is at least this long after the trace's first event.",
      valueName: "seconds"))
  var from = 0.0

  func validate() throws {
    guard from >= 0, from <= 1e9 else {
      throw ValidationError("--from \(from): seconds, at least 0 and at most 1e9, are expected.")
    }
    guard !isSameFile(output, file) else {
      throw ValidationError("--output \(output): this is the trace, which would be lost.")
    }
  }

  func run() throws {
    var limits = TraceModel.Limits()
    limits.from = UInt64(from * 1_000_000_000)
    let reading: TraceReading
    do throws(ReportError) {
      reading = try TraceReading(path: file, limits: limits) { done, total in
        complain("\(done >> 20) of \(total >> 20) MiB read")
      }
    } catch {
      complain("Error: \(error.description)")
      throw ExitCode(2)
    }
    let title = URL(fileURLWithPath: file).lastPathComponent
    do {
      try Data(ReportPage(reading, title: title).html.utf8).write(
        to: URL(fileURLWithPath: output), options: .atomic)
    } catch {
      complain("Error: \(output): could not be written: \(error.localizedDescription)")
      throw ExitCode(2)
    }
    print("\(output): \(reading.summary)")
    if let damage = reading.damage {
      complain("Error: \(file): \(damage.description); the page has what is before that")
      throw ExitCode.failure
    }
  }
}

/// A line on standard error.
private func complain(_ line: String) {
  FileHandle.standardError.write(Data((line + "\n").utf8))
}
