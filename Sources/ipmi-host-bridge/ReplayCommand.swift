import ArgumentParser
import EmulatedPair
import Foundation
import Tracing
import Transport

/// A recorded host, against any BMC.
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Send a recorded PC's requests to a BMC again, and compare the answers.",
    discussion: """
      The file is a .pcapng of "capture --trace", "simulate --trace" or the like. Its requests are sent to \
      another BMC, another version of the same firmware, or the same one, over OpenIPMI's VM protocol, \
      one at a time. Every byte of each answer is compared with the recorded one:

        ipmi-host-bridge replay pc.pcapng --to unix:bmc.sock

      Status 0: no difference. 1: differences, which are listed. 2: it could not be done.

      What a clock decides is not compared, unless --exact is given: Get SEL Time, Get SDR Repository \
      Time, the times in Get SEL Info, Get SDR Repository Info and Get SEL Entry, the countdown in Get \
      Watchdog Timer, the count in Get POH Counter. More is left out by --ignore: the data of a \
      command, by its name or by NetFn and command in hexadecimal, or only some bytes of it, counted \
      behind the completion code from 0, as in the list of differences:

        ipmi-host-bridge replay pc.pcapng --to unix:bmc.sock --ignore "Get Device ID" --ignore 042D:0-1

      --trace writes what is said now, to be shown by Wireshark or "report", or replayed itself.

      A BMC answers as before only if it is as it was: start it anew, and with what it had. One that \
      a recorded request resets, or powers its host off, may close the connection, which ends the run.
      """)

  @Argument(help: "What was recorded: a .pcapng.")
  var file: String

  @Option(
    help: ArgumentHelp(
      "Where the BMC listens: unix:PATH or tcp:HOST:PORT.", valueName: "address"),
    transform: { try linkAddress($0) })
  var to: LinkAddress

  @Option(
    help: ArgumentHelp(
      "When requests are sent: as late as they were (recorded), or at once (full).",
      valueName: "speed"),
    transform: { try replaySpeed($0) })
  var speed = Replay.Speed.full

  @Option(
    help: ArgumentHelp(
      "What may differ: a command, or COMMAND:FIRST-LAST; may be repeated.", valueName: "command"),
    transform: { try replayRule($0) })
  var ignore: [ReplayRule] = []

  @Flag(help: "Compare what a clock decides, too.")
  var exact = false

  @Option(
    help: ArgumentHelp(
      "The interface whose requests are meant, where the file has several.", valueName: "name"))
  var channel: String?

  @Option(help: ArgumentHelp("How long an answer is waited for, in seconds.", valueName: "seconds"))
  var timeout = 5.0

  @OptionGroup var files: TraceOptions

  @Flag(help: "Accept TCP addresses that are not of this machine alone.")
  var allowRemote = false

  func validate() throws {
    try requireLocal([to], unless: allowRemote)
    if case .tcp(_, 0) = to {
      throw ValidationError("--to needs the port that the BMC listens on.")
    }
    if let trace = files.trace.first(where: { isSameFile($0, file) }) {
      throw ValidationError("--trace \(trace): this is the recording, which would be lost.")
    }
    guard timeout > 0, timeout <= 3600 else {
      throw ValidationError("--timeout \(timeout): more than 0 and at most 3600 s are expected.")
    }
  }

  func run() throws {
    do {
      let result = try replay()
      let total = "\(result.exchanges) requests, \(result.differences) differences"
      let controls = result.hostControls
      print(
        total + (controls == 0 ? "" : "; the BMC would have controlled its host \(controls) times"))
      guard result.differences == 0 else { throw ExitCode.failure }
    } catch let error as any Error & CustomStringConvertible
      where error is LinkError || error is EmulatorError
    {
      complain("Error: \(error.description)")
      throw ExitCode(2)
    }
  }

  private func replay() throws -> Replay.Result {
    let recording: Recording
    do {
      recording = try Recording(Array(try read()), channel: channel)
    } catch let error as LinkError {
      complain("Error: \(file): \(error.description)")
      throw ExitCode(2)
    }
    let count = recording.exchanges.count
    if let damage = recording.damage {
      complain(
        "\(file): at byte \(damage.offset): \(damage.problem.name); the \(count) requests before that "
          + "are sent")
    }
    let replay = Replay(
      recording, speed: speed, timeout: UInt64(timeout * 1_000_000_000),
      rules: ignore + (exact ? [] : ReplayRule.clocks))
    let log = try files.begin([TraceChannel(wireTo: to)])
    files.explain()
    let result = try replay.run(to: to, log: log) { done in
      complain("\(done) of \(count) requests")
    } difference: { difference in
      for line in difference.lines { print(line) }
      flushOutput()
    }
    if let failure = log?.end().first { throw EmulatorError(failure) }
    return result
  }

  private func read() throws -> Data {
    do {
      return try Data(contentsOf: URL(fileURLWithPath: file))
    } catch {
      complain("Error: \(file): could not be read: \(error.localizedDescription)")
      throw ExitCode(2)
    }
  }
}

/// A line on standard error.
private func complain(_ line: String) {
  FileHandle.standardError.write(Data((line + "\n").utf8))
}

private func replaySpeed(_ text: String) throws -> Replay.Speed {
  guard let speed = Replay.Speed(rawValue: text) else {
    throw ValidationError("\(text) is no speed: recorded or full is expected.")
  }
  return speed
}

private func replayRule(_ text: String) throws -> ReplayRule {
  do throws(LinkError) {
    return try ReplayRule(text)
  } catch {
    throw ValidationError(error.description)
  }
}
