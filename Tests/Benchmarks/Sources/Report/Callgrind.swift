import EmulatedPair
import Foundation

/// Debian's valgrind, which counts instructions, where it is installed.
enum Callgrind {
  /// What is put before a command, which then leaves its counts at `path`; nil where there is no
  /// valgrind.
  static func prefix(path: String) -> [String]? {
    guard let valgrind = Programs.find("valgrind") else { return nil }
    return [valgrind, "--tool=callgrind", "--callgrind-out-file=\(path)"]
  }

  /// The counts in the files of a program that names them by `cmeasure_counted`, by name.
  static func counts(path: String) throws -> [String: Double] {
    var counts: [String: Double] = [:]
    for number in 1... {
      // A file each, then the one of the program's end.
      guard let text = try? String(contentsOfFile: "\(path).\(number)", encoding: .utf8) else {
        break
      }
      guard let name = value(of: "desc: Trigger: Client Request: ", in: text) else { continue }
      counts[name] = try total(text, path)
    }
    return counts
  }

  /// All instructions of a program that has ended.
  static func total(path: String) throws -> Double {
    try total(String(contentsOfFile: path, encoding: .utf8), path)
  }

  private static func total(_ text: String, _ path: String) throws -> Double {
    // Of a dump, and of one at the end of all.
    let total = value(of: "summary: ", in: text) ?? value(of: "totals: ", in: text)
    guard let count = total.flatMap({ Double($0) }) else {
      throw EmulatorError("callgrind left no total in \(path)")
    }
    return count
  }

  private static func value(of key: String, in text: String) -> String? {
    text.split(separator: "\n").first { $0.hasPrefix(key) }.map { String($0.dropFirst(key.count)) }
  }
}
