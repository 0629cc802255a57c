@testable import CharacterDevice

/// A ``FileOutcome`` that can be compared.
enum Outcome: Equatable {
  case bytes([UInt8])
  case count(Int)
  case failed(DriverError)
  case waits

  init(_ outcome: FileOutcome<FileBytes>) {
    switch outcome {
    case .done(let bytes): self = .bytes((0..<bytes.count).map { bytes[$0] })
    case .failed(let error): self = .failed(error)
    case .waits: self = .waits
    }
  }

  init(_ outcome: FileOutcome<Int>) {
    switch outcome {
    case .done(let count): self = .count(count)
    case .failed(let error): self = .failed(error)
    case .waits: self = .waits
    }
  }
}
