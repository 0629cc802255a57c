import IPMI
import Tracing

// The names that a trace's text has, the other way round.

extension TracedRegister {
  /// The register of this name, as ``Tracing/JSONLinesWriter`` writes it.
  init?(name: String) {
    switch name {
    case "IDR": self = .idr
    case "ODR": self = .odr
    case "STR": self = .str
    case "command port": self = .command
    case "BT_CTRL": self = .btControl
    case "BT buffer": self = .btBuffer
    case "BT_INTMASK": self = .btInterruptMask
    default: return nil
    }
  }
}

extension TraceDamage {
  /// The damage of this name.
  init?(name: String) {
    switch name {
    case "ends within an escape": self = .danglingEscape
    case "too short": self = .tooShort
    case "wrong checksum": self = .badChecksum
    case "too long": self = .tooLong
    default: return nil
    }
  }
}

extension TraceEvent.Occurrence {
  /// What a text between the messages of a pcapng says: the words of
  /// ``Tracing/TraceEvent/Occurrence/describe(to:)``; `nil` for any other.
  init?(text: String) {
    if let registers = Self.registers(text) {
      self = .registers(registers)
      return
    }
    for (name, side) in [("host", TraceSide.host), ("BMC", .bmc)] {
      let damaged = "damaged frame from \(name): "
      switch text {
      case "\(name) reset": self = .reset(side)
      case "\(name) connected": self = .connected(side)
      case "\(name) disconnected": self = .disconnected(side)
      case _ where text.hasPrefix(damaged):
        guard let damage = TraceDamage(name: String(text.dropFirst(damaged.count))) else {
          return nil
        }
        self = .damaged(from: side, damage)
      default: continue
      }
      return
    }
    return nil
  }

  /// "READ, STR 42h (IBF), IDR 01h, ODR 00h".
  private static func registers(_ text: String) -> RegisterValues? {
    let parts = text.split(separator: ", ", omittingEmptySubsequences: false)
    guard parts.count == 4, let str = byte(parts[1], "STR "), let idr = byte(parts[2], "IDR "),
      let odr = byte(parts[3], "ODR ")
    else { return nil }
    return .kcs(idr: idr, odr: odr, str: str)
  }

  private static func byte(_ text: Substring, _ name: String) -> UInt8? {
    guard text.hasPrefix(name) else { return nil }
    let digits = text.dropFirst(name.count).prefix(3)
    return digits.count == 3 && digits.hasSuffix("h") ? UInt8(digits.prefix(2), radix: 16) : nil
  }
}
