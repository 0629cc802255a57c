import EmulatedPair
import Foundation

/// A run of the benchmarks in a file: `make bench` leaves one each time.
struct StoredRun: Codable {
  /// When, in UTC: its order, and the file's name.
  var date: String
  var rows: [Row]

  init(_ rows: [Row]) {
    self.rows = rows
    date = Date().formatted(.iso8601.timeSeparator(.omitted))
  }

  init(path: String) throws {
    do {
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      self = try JSONDecoder().decode(Self.self, from: data)
    } catch let error as DecodingError {
      throw EmulatorError("\(path) is no run that `make bench` has stored: \(error)")
    } catch {
      throw EmulatorError("could not read \(path): \(error.localizedDescription)")
    }
  }

  /// Writes it into a folder, which is made where it is not there; returns the file's path.
  func write(to folder: String) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let path = "\(folder)/\(date).json"
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try encoder.encode(self).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw EmulatorError("could not write \(path): \(error.localizedDescription)")
    }
    return path
  }

  /// The files of a folder, the oldest first.
  static func paths(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".json") }.sorted().map { "\(folder)/\($0)" }
  }
}
