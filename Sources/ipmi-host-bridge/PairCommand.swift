import ArgumentParser
import EmulatedPair
import Foundation
import IPMI
import Tracing
import Transport
import UnicornMachine

/// A BMC and its host in one process, without an emulator beside it.
struct PairCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pair",
    abstract: "Run a BMC's firmware and a host's program in one process, exactly repeatable.",
    discussion: """
      The BMC's ARM processor and the host's x86-64 one are Unicorn's; they meet in the registers \
      of the SoC's KCS and BT, as on a board, and run by turns whose lengths the seed chooses. Time \
      is virtual, nothing sleeps: the same files, options and seed give the same conversation, to \
      the nanosecond. The exit status is 0 if the host's program ended well in all pairs.

        ipmi-host-bridge pair                                   the conversation, in a moment
        ipmi-host-bridge pair --soc ast2600 --seed 7
        ipmi-host-bridge pair --bmc my.elf --soc npcm750 --script requests.txt
        ipmi-host-bridge pair --record run.txt                  and later, on any machine:
        ipmi-host-bridge pair --replay run.txt                  names the first difference
        ipmi-host-bridge pair --trace run.vcd                   a waveform of its registers
        ipmi-host-bridge pair --count 10000                     10,000 seeds, with faults
        ipmi-host-bridge pair --fault 'reset bmc request 3'     that fault alone, in one pair
        ipmi-host-bridge pair --seconds 60                      as many as a minute has time for
        ipmi-host-bridge pair --count 500 --seed 501 --summary 2.txt
        ipmi-host-bridge pair --merge 1.txt --merge 2.txt       parts of a larger run
        ipmi-host-bridge pair --host unix:bmc.sock              answers a stock QEMU's PC, which has
          -chardev socket,id=bmc,path=bmc.sock,reconnect=1 -device ipmi-bmc-extern,chardev=bmc,id=bmc0
          -device isa-ipmi-kcs,bmc=bmc0

      With random faults the seed also has the host abort or start again, the BMC start again, and \
      either be held for up to 20 ms, in the middle of transactions. --fault, --faults and --scenario \
      say which and when:

        delay request 3 by 10s         the BMC is held when it has the third request
        delay response 5% by 1s        the host is held in the middle of a response, by chance
        corrupt response 2             a bit of a completion code is another one for the host
        reset bmc request 3            reset host every 5            abort request 2 (of a --script)

      When they are over, the host's program is run once more, and must end well. What hung or \
      failed is named by its seed.

      A script has a line for each step: "06 01" is a request (NetFn, command, data, hexadecimal, as \
      ipmitool raw), "bt 06 01" the same by BT, "post 55" a POST code, "wait 1000" microseconds.

      `make firmware` makes the files that are used where none are named \
      (IPMI_HOST_BRIDGE_FIRMWARE, a folder).
      """)

  @Option(help: ArgumentHelp("The BMC's SoC or board: \(boardNames).", valueName: "name"))
  var soc: String?

  @Option(help: ArgumentHelp("The BMC's firmware, an ELF file for ARM.", valueName: "elf"))
  var bmc: String?

  @Option(
    help: ArgumentHelp(
      "A device tree for firmware that wants one; it also says which SoC.", valueName: "dtb"))
  var dtb: String?

  @Option(
    help: ArgumentHelp(
      """
      The host's program, an ELF file for x86-64; or where a stock QEMU's ipmi-bmc-extern connects.
      """, valueName: "elf|unix:path"))
  var host: String?

  @Option(help: ArgumentHelp("The host program's command line.", valueName: "text"))
  var hostArguments = ""

  @Option(
    help: ArgumentHelp(
      "Have this project's state machines say this instead of a program.", valueName: "file"))
  var script: String?

  @Option(help: ArgumentHelp("The first seed.", valueName: "number"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp(
      "How many pairs, of as many seeds; one, or with --seconds no limit.", valueName: "number"))
  var count: UInt64?

  @Option(
    help: ArgumentHelp("Begin no further pair after so many seconds.", valueName: "number"))
  var seconds: Double?

  @Flag(
    inversion: .prefixedNo,
    help: "Whether the seed chooses faults; with more than one pair, and no other faults, it does.")
  var randomFaults: Bool?

  @OptionGroup(title: "Faults")
  var faults: FaultOptions

  @Option(
    help: ArgumentHelp(
      "How many pairs run at once; by default as many as there are processors.",
      valueName: "number"))
  var threads: Int?

  @Option(help: ArgumentHelp("Write the run of one pair here.", valueName: "file"))
  var record: String?

  @Option(help: ArgumentHelp("Run what is recorded here, and compare.", valueName: "file"))
  var replay: String?

  @Option(
    help: ArgumentHelp(
      """
      Write what is said in one pair to this file, .pcapng for Wireshark or .jsonl for programs, or \
      its registers' waveform, .vcd; may be repeated.
      """, valueName: "file"))
  var trace: [String] = []

  @Option(help: ArgumentHelp("Write what became of all pairs here.", valueName: "file"))
  var summary: String?

  @Option(
    help: ArgumentHelp(
      "Add up such files, and run nothing; may be repeated.", valueName: "file"))
  var merge: [String] = []

  func validate() throws {
    try faults.listScenarios()
    _ = try faults.schedule(for: .registers)
    if let count, count < 1 || count > .max - seed {
      throw ValidationError("There is no such number of seeds from \(seed) on: \(count).")
    }
    if let seconds, !(0...1e9).contains(seconds) {
      throw ValidationError("--seconds is between 0 and a billion.")
    }
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads is between 1 and 1024.")
    }
    if host != nil, script != nil {
      throw ValidationError("The host has a program or a script: --host or --script.")
    }
    if let host, host.hasPrefix("unix:"),
      isMany || record != nil || replay != nil || summary != nil || randomFaults != nil
        || !faults.isEmpty || !trace.isEmpty
    {
      throw ValidationError(
        "A host at a socket lives in real time: no seeds, no faults, no recording, no trace with it."
      )
    }
    if record != nil, isMany { throw ValidationError("--record is for one pair.") }
    if !trace.isEmpty, isMany || summary != nil {
      throw ValidationError("--trace is for one pair.")
    }
    try TraceOptions.validate(trace, showRegisters: true)
    if replay != nil,
      isMany || record != nil || script != nil || soc != nil || dtb != nil || !faults.isEmpty
    {
      throw ValidationError(
        "What is replayed says all itself; only --bmc and --host say where its files are now.")
    }
  }

  func run() throws {
    if !merge.isEmpty {
      try mergeSummaries()
    } else if let host, host.hasPrefix("unix:") {
      try serve(host)
    } else if let replay {
      try replayRecording(replay)
    } else if !isMany, summary == nil {
      try runOne()
    } else {
      try runMany()
    }
  }

  // MARK: What is run

  private var isMany: Bool { seconds != nil || count ?? 1 != 1 }

  private func runOne() throws {
    let inputs = try PairInputs(
      soc: soc, bmc: bmc, dtb: dtb, host: host, hostArguments: hostArguments, script: script)
    let hasFaults = randomFaults ?? false
    let schedule = try faults.schedule(for: .registers)
    for line in schedule?.lines ?? [] { print(line) }
    let (result, trace, seconds) = try converse(
      inputs.configuration(hasFaults: hasFaults, schedule), seed: seed, keepsTrace: record != nil)
    if let record {
      let recording = inputs.recording(
        seed: seed, hasFaults: hasFaults, schedule, trace: trace)
      try PairInputs.write(recording.bytes, to: record)
      print("Recorded in \(record); `ipmi-host-bridge pair --replay \(record)` compares.")
    }
    try report(result, seconds)
  }

  private func replayRecording(_ path: String) throws {
    let recording = try Recording(PairInputs.read(path), name: path)
    let inputs = try PairInputs(recording, bmc: bmc, host: host)
    let (result, trace, seconds) = try converse(
      inputs.configuration(hasFaults: recording.hasFaults, recording.schedule),
      seed: recording.seed, keepsTrace: true)
    if let difference = recording.firstDifference(to: trace) {
      print("Not the run that was recorded: \(difference).")
      throw ExitCode.failure
    }
    print("The same run: \(result.traceLines) lines of trace, byte for byte.")
    try report(result, seconds)
  }

  private func converse(
    _ configuration: PairConfiguration, seed: UInt64, keepsTrace: Bool
  ) throws -> (PairResult, trace: [UInt8], seconds: Double) {
    let started = Date()
    let pair = try Pair(configuration)
    pair.onLine = { side, time, text in
      let milliseconds = String(format: "%10.3f ms", Double(time) / 1e6)
      print("\(milliseconds)  \(side == .bmc ? "BMC " : "host")  \(text)")
    }
    var files: TraceFiles
    do {
      files = try TraceFiles(
        trace, TraceHeader(comment: FixedBytes(truncating: "seed \(seed)")), pair.traceChannels)
    } catch {
      throw EmulatorError(error.description)
    }
    TraceOptions.explain(trace)
    if !trace.isEmpty { pair.onEvent = { files.write($0) } }
    let (result, lines) = try pair.run(seed: seed, keepsTrace: keepsTrace)
    if let failure = files.end().first { throw EmulatorError(failure) }
    return (result, lines, Date().timeIntervalSince(started))
  }

  private func report(_ result: PairResult, _ seconds: Double) throws {
    var one = PairSummary()
    one.add(result)
    print()
    for line in PairReport(one, seconds: seconds).lines { print(line) }
    let hash = String(result.traceHash, radix: 16, uppercase: true)
    print("seed \(result.seed): \(result.traceLines) lines of trace, hash \(hash)")
    try fail(one)
  }

  private func runMany() throws {
    let inputs = try PairInputs(
      soc: soc, bmc: bmc, dtb: dtb, host: host, hostArguments: hostArguments, script: script)
    let schedule = try faults.schedule(for: .registers)
    for line in schedule?.lines ?? [] { print(line) }
    let configuration = try inputs.configuration(
      hasFaults: randomFaults ?? (schedule == nil), schedule)
    let count = self.count ?? (seconds == nil ? 1 : .max - seed)
    var campaign = PairCampaign(
      configuration, seeds: seed..<seed + count,
      threads: min(threads ?? ProcessInfo.processInfo.activeProcessorCount, Int(clamping: count)))
    let started = Date()
    if let seconds { campaign.isOver = { Date().timeIntervalSince(started) >= seconds } }
    let progress = PairProgress(count: self.count)
    let total = try campaign.run { result, summary in progress.show(result, summary) }
    if let summary { try PairInputs.write(Array(total.text.utf8), to: summary) }
    for line in PairReport(total, seconds: Date().timeIntervalSince(started)).lines { print(line) }
    try fail(total)
  }

  private func mergeSummaries() throws {
    var total = PairSummary()
    for path in merge {
      let text = String(decoding: try PairInputs.read(path), as: UTF8.self)
      total.join(try PairSummary(text, name: path))
    }
    if let summary { try PairInputs.write(Array(total.text.utf8), to: summary) }
    for line in PairReport(total).lines { print(line) }
    try fail(total)
  }

  private func fail(_ summary: PairSummary) throws {
    guard !summary.bad.isEmpty else { return }
    throw ExitCode.failure
  }
}

private var boardNames: String {
  BMCBoard.all.map { "\($0.socName) (\($0.name))" }.joined(separator: ", ")
}
