import EmulatedPair

/// What `unicorn-access` measures: accesses of a Unicorn through the library.
enum UnicornRows {
  /// - Parameters:
  ///   - program: `unicorn-access`.
  ///   - library: `libipmi-host-bridge.so`.
  static func measured(_ program: String, _ library: String) throws -> [Row] {
    progress("accesses of a Unicorn")
    let process = try ChildProcess(name: "unicorn-access", command: [program, library])
    let status = try process.waitForExit(timeout: 120)
    var values: [String: Double] = [:]
    for line in process.lines {
      let fields = line.split(separator: "\t")
      if fields.count == 2 { values[String(fields[0])] = Double(fields[1]) }
    }
    return try [
      ("unicorn.load", "Load of a Unicorn's BMC through the C library"),
      ("unicorn.store", "Store of a Unicorn's BMC through the C library"),
    ].map { name, what in
      guard status == .exited(0), let figure = values[name + ".figure"],
        let floor = values[name + ".floor"], let ratio = values[name + ".ratio"]
      else { throw EmulatorError("\(program) ended (\(status)): \(process.lines.suffix(5))") }
      return Row(
        what: what,
        figure: "\(decimal(figure / 1000, 1)) ns, \(decimal((figure - floor) / 1000, 1)) added",
        beside: "\(decimal(floor / 1000, 1)) ns, empty callback", ratio: ratio / 1000,
        aim: aim("≤ 1.25", met: ratio <= 1250))
    }
  }
}
