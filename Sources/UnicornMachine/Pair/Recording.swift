import Faults

/// A run in a file: all that it depends on, and its trace; running it again must give the same bytes.
///
///     ipmi-host-bridge pair recording 1
///     board npcm750-evb
///     firmware 6A3F09D2C1B0E577 /path/npcm750-evb.elf
///     host-script 13
///     06 01
///     …
///     seed 1
///     faults no
///     fault-seed 1
///     fault abort request 2
///     trace 1876 0F3C…
///     0 bmc > …
///
/// Hashes are FNV-1a of a file: they tell that it is another one. Instead of `host-script` and so
/// many lines, `host` and `host-arguments` name a program. `fault-seed` and a `fault` for each rule are
/// there where there was a schedule. The trace's lines are ``Trace``'s.
public struct Recording: Sendable {
  /// The format's first line; another version is another number.
  static let magic = "ipmi-host-bridge pair recording 1"

  /// A file by its hash, and where it was.
  public struct File: Hashable, Sendable {
    public var hash: UInt64
    public var path: String

    public init(_ bytes: [UInt8], path: String) {
      hash = fnv1a(bytes)
      self.path = path
    }

    fileprivate init(hash: UInt64, path: String) {
      self.hash = hash
      self.path = path
    }
  }

  public enum Host: Sendable {
    case program(File, arguments: String)
    case script(String)
  }

  public var board: String
  public var firmware: File
  public var deviceTree: File?
  public var host: Host
  public var seed: UInt64
  public var hasFaults: Bool
  public var schedule: FaultSchedule?
  public var trace: [UInt8]

  public init(
    board: String, firmware: File, deviceTree: File?, host: Host, seed: UInt64, hasFaults: Bool,
    schedule: FaultSchedule? = nil, trace: [UInt8]
  ) {
    self.board = board
    self.firmware = firmware
    self.deviceTree = deviceTree
    self.host = host
    self.seed = seed
    self.hasFaults = hasFaults
    self.schedule = schedule
    self.trace = trace
  }

  /// The file.
  public var bytes: [UInt8] {
    func line(_ file: File) -> String { "\(hexadecimal(file.hash, digits: 16)) \(file.path)" }
    var header = [Self.magic, "board \(board)", "firmware \(line(firmware))"]
    if let deviceTree { header.append("dtb \(line(deviceTree))") }
    switch host {
    case .program(let file, let arguments):
      header += ["host \(line(file))", "host-arguments \(arguments)"]
    case .script(let text):
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      header += ["host-script \(lines.count)"] + lines.map(String.init)
    }
    header += ["seed \(seed)", "faults \(hasFaults ? "yes" : "no")"]
    if let schedule {
      header += ["fault-seed \(schedule.seed)"] + schedule.rules.map { "fault \($0)" }
    }
    let lineCount = trace.count { $0 == 0x0A }
    header.append("trace \(lineCount) \(hexadecimal(fnv1a(trace), digits: 16))")
    return Array((header.joined(separator: "\n") + "\n").utf8) + trace
  }

  /// Reads a file.
  ///
  /// - Parameter name: For errors.
  public init(_ file: [UInt8], name: String) throws {
    var reader = HeaderReader(file, name)
    guard try reader.line() == Self.magic else {
      throw MachineError("\(name) is no recording: its first line should be '\(Self.magic)'")
    }
    board = try reader.field("board")
    firmware = try reader.file("firmware")
    deviceTree = nil
    if reader.isNext("dtb") { deviceTree = try reader.file("dtb") }
    if reader.isNext("host-script") {
      guard let count = Int(try reader.field("host-script")), count >= 0 else {
        throw reader.error("the number of a script's lines")
      }
      var lines: [String] = []
      while lines.count < count { lines.append(try reader.line()) }
      host = .script(lines.joined(separator: "\n"))
    } else {
      host = .program(try reader.file("host"), arguments: try reader.field("host-arguments"))
    }
    guard let seed = UInt64(try reader.field("seed")) else { throw reader.error("a seed") }
    self.seed = seed
    hasFaults = try reader.field("faults") == "yes"
    schedule = reader.isNext("fault-seed") ? try reader.schedule() : nil
    let end = try reader.field("trace").split(separator: " ")
    trace = reader.rest
    guard end.count == 2, let hash = UInt64(end[1], radix: 16) else {
      throw reader.error("lines and hash of the trace")
    }
    guard fnv1a(trace) == hash else {
      throw MachineError("\(name) is damaged: its trace is not the one that its header tells of")
    }
  }

  /// Where another trace is the first time another one; `nil`: nowhere.
  public func firstDifference(to other: [UInt8]) -> String? {
    guard trace != other else { return nil }
    let newline: UInt8 = 0x0A
    let mine = trace.split(separator: newline, omittingEmptySubsequences: false)
    let theirs = other.split(separator: newline, omittingEmptySubsequences: false)
    func text(_ lines: [ArraySlice<UInt8>], _ index: Int) -> String {
      guard index < lines.count, !lines[index].isEmpty else { return "the end" }
      return "'\(String(decoding: lines[index], as: UTF8.self))'"
    }
    let index = (0..<max(mine.count, theirs.count)).first {
      $0 >= mine.count || $0 >= theirs.count || mine[$0] != theirs[$0]
    }
    guard let index else { return nil }
    return "line \(index + 1) of the trace was \(text(mine, index)), and is \(text(theirs, index))"
  }
}

/// The lines before a trace.
private struct HeaderReader {
  private let file: [UInt8]
  private let name: String
  private var position = 0
  private var number = 0

  init(_ file: [UInt8], _ name: String) {
    self.file = file
    self.name = name
  }

  var rest: [UInt8] { Array(file[position...]) }

  func error(_ expected: String) -> MachineError {
    MachineError("\(name), line \(number): \(expected) was expected")
  }

  mutating func line() throws -> String {
    number += 1
    guard let end = file[position...].firstIndex(of: 0x0A) else { throw error("a line") }
    defer { position = end + 1 }
    return String(decoding: file[position..<end], as: UTF8.self)
  }

  func isNext(_ key: String) -> Bool { file[position...].starts(with: Array("\(key) ".utf8)) }

  mutating func field(_ key: String) throws -> String {
    let line = try line()
    guard line.hasPrefix("\(key) ") else { throw error("'\(key)'") }
    return String(line.dropFirst(key.utf8.count + 1))
  }

  mutating func schedule() throws -> FaultSchedule {
    guard let seed = UInt64(try field("fault-seed")) else { throw error("a seed of faults") }
    var schedule = FaultSchedule([], seed: seed)
    while isNext("fault") {
      let text = try field("fault")
      do throws(FaultSyntaxError) {
        try schedule.append(FaultRule(text))
      } catch {
        throw MachineError("\(name), line \(number): \(error.description)")
      }
    }
    return schedule
  }

  mutating func file(_ key: String) throws -> Recording.File {
    let parts = try field(key).split(separator: " ", maxSplits: 1)
    guard parts.count == 2, let hash = UInt64(parts[0], radix: 16) else {
      throw error("hash and path")
    }
    return Recording.File(hash: hash, path: String(parts[1]))
  }
}
