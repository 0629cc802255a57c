import Yams

/// A place in a YAML file, read as what is expected there.
struct YAMLValue {
  let node: Node
  let file: String

  /// The error that this place is not what was expected.
  func error(_ message: String) -> ContentError {
    ContentError(file, line: node.mark?.line, message)
  }

  /// The document in `text`.
  static func document(_ text: String, file: String) throws(ContentError) -> YAMLValue {
    do {
      guard let node = try Yams.compose(yaml: text) else {
        throw ContentError(file, line: 1, "the file is empty; expected a mapping with keys")
      }
      return YAMLValue(node: node, file: file)
    } catch let error as ContentError {
      throw error
    } catch let error as YamlError {
      throw ContentError(file, syntax: error)
    } catch {
      throw ContentError(file, "not YAML: \(error)")
    }
  }

  /// The values of a mapping, whose keys must be among `keys`.
  func mapping(_ keys: [String]) throws(ContentError) -> [String: YAMLValue] {
    guard case .mapping(let mapping) = node else {
      throw error("expected a mapping with keys out of \(keys.joined(separator: ", "))")
    }
    var values: [String: YAMLValue] = [:]
    for (key, value) in mapping {
      let place = YAMLValue(node: key, file: file)
      let name = try place.text()
      guard keys.contains(name) else {
        throw place.error(
          "unknown key '\(name)'; did you mean '\(name.nearest(keys))'? "
            + "Known here: \(keys.joined(separator: ", "))")
      }
      values[name] = YAMLValue(node: value, file: file)
    }
    return values
  }

  /// The values of a list.
  func list(atMost limit: Int) throws(ContentError) -> [YAMLValue] {
    guard case .sequence(let sequence) = node else { throw error("expected a list") }
    guard sequence.count <= limit else {
      throw error("\(sequence.count) entries; at most \(limit) are possible here")
    }
    return sequence.map { YAMLValue(node: $0, file: file) }
  }

  /// The characters as they are written.
  func text() throws(ContentError) -> String {
    guard case .scalar(let scalar) = node else { throw error("expected a text or a number") }
    return scalar.string
  }

  /// A whole number, decimal or 0x and hexadecimal.
  func integer<Value: FixedWidthInteger>(
    in range: ClosedRange<Value>
  ) throws(ContentError) -> Value {
    let text = try text()
    let digits = text.hasPrefix("-") ? String(text.dropFirst()) : text
    let isHexadecimal = digits.hasPrefix("0x")
    let magnitude = isHexadecimal ? Int(digits.dropFirst(2), radix: 16) : Int(digits)
    guard let magnitude, !digits.hasPrefix("-"), !digits.hasPrefix("+") else {
      throw error("'\(text)' is not a whole number, as 16 or 0x10")
    }
    guard let value = Value(exactly: digits == text ? magnitude : -magnitude), range ~= value else {
      throw error("\(text) is outside \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// A number with or without decimals.
  func number() throws(ContentError) -> Double {
    let text = try text()
    if text.hasPrefix("0x") { return Double(try integer(in: Int.min...Int.max)) }
    guard let value = Double(text), value.isFinite else { throw error("'\(text)' is not a number") }
    return value
  }

  /// true or false.
  func boolean() throws(ContentError) -> Bool {
    switch try text() {
    case "true": return true
    case "false": return false
    case let text: throw error("'\(text)' is neither true nor false")
    }
  }

  /// Bytes in hexadecimal: two digits each, with or without blanks between.
  func bytes(_ range: ClosedRange<Int>) throws(ContentError) -> [UInt8] {
    let digits = try text().filter { !$0.isWhitespace }
    var bytes: [UInt8] = []
    var rest = digits[...]
    while !rest.isEmpty {
      let pair = rest.prefix(2)
      guard pair.count == 2, pair.allSatisfy(\.isHexDigit), let byte = UInt8(pair, radix: 16) else {
        throw error("'\(pair)' is not a byte; expected pairs of hexadecimal digits, as 0A 1B")
      }
      bytes.append(byte)
      rest = rest.dropFirst(2)
    }
    guard range ~= bytes.count else {
      throw error(
        range.lowerBound == range.upperBound
          ? "\(bytes.count) bytes; expected \(range.lowerBound)"
          : "\(bytes.count) bytes; expected \(range.lowerBound) to \(range.upperBound)")
    }
    return bytes
  }

  /// A number that has names, written as one or as the number.
  func choice(_ names: Names) throws(ContentError) -> UInt8 {
    let text = try text()
    if let value = names.value(of: text) { return value }
    guard text.first?.isNumber != true else { return try integer(in: 0...0xFF) }
    throw error(
      "unknown \(names.subject) '\(text)'; did you mean '\(text.nearest(names.all))'? "
        + "A number is possible, too")
  }
}

extension ContentError {
  /// The file is not YAML.
  fileprivate init(_ file: String, syntax error: YamlError) {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      self.init(file, line: mark.line, "not YAML: \(problem)")
    case .reader(let problem, let offset, _, let yaml):
      let line = offset.map { yaml.prefix($0).count { $0.isNewline } + 1 }
      self.init(file, line: line, "not YAML: \(problem)")
    case .duplicatedKeysInMapping(let keys, let context):
      let names = keys.map { "'\($0)'" }.sorted().joined(separator: ", ")
      self.init(file, line: context.mark.line, "a key is given twice: \(names)")
    default: self.init(file, "not YAML: \(error)")
    }
  }
}

extension String {
  /// The one of `candidates` that takes the fewest edits to make of this.
  func nearest(_ candidates: [String]) -> String {
    let short = String(prefix(40))
    return candidates.min { short.distance(to: $0) < short.distance(to: $1) } ?? ""
  }

  /// Levenshtein's distance.
  private func distance(to other: String) -> Int {
    let other = Array(other)
    var row = Array(0...other.count)
    for (index, character) in enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for column in other.indices {
        let replaced = diagonal + (other[column] == character ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = Swift.min(replaced, row[column] + 1, diagonal + 1)
      }
    }
    return row[other.count]
  }
}
