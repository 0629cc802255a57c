import IPMI

extension FaultRule: CustomStringConvertible {
  /// The rule as the line that stands for it.
  public var description: String {
    var words = [action.verb, direction.name]
    if let command { words.append("of \(command.faultName)") }
    if let clause = trigger.clause { words.append(clause) }
    switch action {
    case .delay(let time): words.append("by \(durationText(time))")
    case .truncate(let count): words.append("to \(count)")
    case .answer(let bytes) where action != .busy:
      words.append("with \(bytes.map(hexadecimal).joined(separator: " "))")
    default: break
    }
    if let duration { words.append("for \(durationText(duration))") }
    return words.joined(separator: " ")
  }
}

extension FaultAction {
  /// Its word at the beginning of a rule.
  public var verb: String {
    switch self {
    case .drop: "drop"
    case .delay: "delay"
    case .duplicate: "duplicate"
    case .corrupt: "corrupt"
    case .truncate: "truncate"
    case .answer: self == .busy ? "busy" : "answer"
    case .attention: "attention"
    case .cut: "cut"
    case .abort: "abort"
    case .resetHost: "reset host"
    case .resetBMC: "reset bmc"
    }
  }

  /// What was done, in words: of a message that went `direction`.
  public func report(_ direction: FaultDirection) -> String {
    switch self {
    case .drop: "\(direction.name) dropped"
    case .delay(let time): "\(direction.name) delayed by \(durationText(time))"
    case .duplicate: "\(direction.name) duplicated"
    case .corrupt: "\(direction.name) corrupted"
    case .truncate(let count): "\(direction.name) truncated to \(count) bytes"
    case .answer(let bytes): "request answered with \(bytes.prefix(1).map(hexadecimal).joined())h"
    case .attention: "attention"
    case .cut: "connection cut"
    case .abort: "transfer given up"
    case .resetHost: "host reset"
    case .resetBMC: "BMC reset"
    }
  }
}

extension FaultDirection {
  /// Its word in a rule.
  public var name: String {
    switch self {
    case .request: "request"
    case .response: "response"
    case .any: "any"
    }
  }
}

extension FaultTrigger {
  /// Its words in a rule; none where it is always.
  var clause: String? {
    switch self {
    case .always: nil
    case .at(let count): "\(count)"
    case .first(let count): "first \(count)"
    case .every(let count): "every \(count)"
    case .after(let count): "after \(count)"
    case .afterTime(let time): "after \(durationText(time))"
    case .everyTime(let time): "every \(durationText(time))"
    case .probability(let share): "\(decimal(share, scale: 10_000))%"
    }
  }
}

extension Command {
  /// Its name or, where it has none, NetFn and command as four digits.
  var faultName: String {
    guard let name else { return hexadecimal(netFn.rawValue) + hexadecimal(code) }
    return "\(name)"
  }
}

/// Two digits.
func hexadecimal(_ byte: UInt8) -> String {
  let digits = String(byte, radix: 16, uppercase: true)
  return digits.count == 1 ? "0\(digits)" : digits
}

/// The units of time, the largest first, in nanoseconds.
let durationUnits: [(name: String, length: UInt64)] = [
  ("min", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1),
]

/// A time in the largest unit of which it is a whole number.
func durationText(_ time: UInt64) -> String {
  for unit in durationUnits where time >= unit.length && time % unit.length == 0 {
    return "\(time / unit.length)\(unit.name)"
  }
  return "\(time)ns"
}

/// `value` in units of `scale`, with the decimals that it takes.
func decimal(_ value: UInt64, scale: UInt64) -> String {
  var text = "\(value / scale)"
  var rest = value % scale
  if rest > 0 { text += "." }
  var unit = scale
  while rest > 0 {
    unit /= 10
    text += "\(rest / unit)"
    rest %= unit
  }
  return text
}
