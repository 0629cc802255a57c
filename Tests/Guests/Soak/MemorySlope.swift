import EmulatedPair
import Foundation

/// What a process has in memory over time, and the straight line through it.
struct MemorySlope {
  /// Minutes and KiB, in the order of time.
  private(set) var samples: [(minutes: Double, size: Double)] = []

  /// KiB a minute that are no leak: an emulator keeps account of each block that it has translated,
  /// and a guest in which programs end and start has new ones for a long time.
  static let limit = 256.0
  /// Minutes of samples, the first third not counted, that are needed to tell: before that, much is
  /// used for the first time.
  static let patience = 5.0

  mutating func add(minutes: Double, size: Double) { samples.append((minutes, size)) }

  /// The line through the samples, the first third of the time left out, in which everything is used
  /// for the first time: KiB a minute by least squares, and the standard error of that. `nil` of fewer
  /// than three.
  var slope: (slope: Double, error: Double)? {
    let used = usedSamples
    guard used.count >= 3 else { return nil }
    let count = Double(used.count)
    let (x, y) = (used.map(\.minutes).reduce(0, +) / count, used.map(\.size).reduce(0, +) / count)
    let spread = used.map { ($0.minutes - x) * ($0.minutes - x) }.reduce(0, +)
    guard spread > 0 else { return nil }
    let slope = used.map { ($0.minutes - x) * ($0.size - y) }.reduce(0, +) / spread
    let residuals = used.map { sample in
      let residual = sample.size - y - slope * (sample.minutes - x)
      return residual * residual
    }
    return (slope, (residuals.reduce(0, +) / (count - 2) / spread).squareRoot())
  }

  private var usedSamples: [(minutes: Double, size: Double)] {
    guard let first = samples.first, let last = samples.last else { return [] }
    return samples.filter { $0.minutes >= first.minutes + (last.minutes - first.minutes) / 3 }
  }

  /// Whether there are samples of enough time to tell whether it grows.
  var isLongEnough: Bool {
    let used = usedSamples
    guard let first = used.first, let last = used.last else { return false }
    return last.minutes - first.minutes >= Self.patience
  }

  /// Whether it grows by more than ``limit``, and by more than the samples scatter.
  var isGrowing: Bool {
    isLongEnough && slope.map { $0.slope - 3 * $0.error > Self.limit } ?? false
  }

  /// Such as "12.3 MiB, +0.4 ± 1.2 KiB/min of 120 samples".
  var text: String {
    let size = String(format: "%.1f MiB", (samples.last?.size ?? 0) / 1024)
    guard let (slope, error) = slope else { return "\(size), \(samples.count) samples" }
    let line = String(format: "%+.1f ± %.1f KiB/min", slope, error)
    return "\(size), \(line) of \(samples.count) samples"
      + (isLongEnough ? "" : ", too short to tell")
  }
}

/// KiB of memory that a process has touched, without what an emulator has for its guest: translated
/// code, and mappings of more than 64 MiB, which are the guest's memory. The heap counts, whatever
/// its size; a thread's own has at most 64 MiB.
func residentSize(of process: Int32) throws -> Double {
  let path = "/proc/\(process)/smaps"
  guard let file = FileHandle(forReadingAtPath: path) else {
    throw EmulatorError("\(path) could not be read: the process has ended")
  }
  // A read gives a part of such a file, whatever its length was said to be.
  var bytes = Data()
  while let part = try file.read(upToCount: 1 << 16), !part.isEmpty { bytes += part }
  return residentSize(inMappings: String(decoding: bytes, as: UTF8.self))
}

/// The same of the text of `/proc/PID/smaps`, as proc(5) has it.
func residentSize(inMappings text: String) -> Double {
  var total = 0.0
  var (isHeap, isCode) = (false, false)
  var size = 0.0
  for line in text.split(separator: "\n") {
    let fields = line.split(separator: " ")
    if fields[0].contains("-") {
      isHeap = fields.last == "[heap]"
      isCode = fields[1].contains("x")
    } else if fields[0] == "Size:" {
      size = Double(fields[1]) ?? 0
    } else if fields[0] == "Rss:", isHeap || !isCode && size <= 65536 {
      total += Double(fields[1]) ?? 0
    }
  }
  return total
}
