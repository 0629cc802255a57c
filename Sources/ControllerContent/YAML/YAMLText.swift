/// YAML that is written, a line at a time.
struct YAMLText {
  private(set) var text = ""
  private var isFirstOfEntry = false
  private var indent = 0

  /// A line that is only a comment.
  mutating func comment(_ comment: String) {
    text += String(repeating: " ", count: indent) + "# \(comment)\n"
  }

  /// An empty line between others.
  mutating func blank() {
    if !text.isEmpty { text += "\n" }
  }

  /// A key whose value is what `body` writes, a step further in.
  mutating func section(_ key: String, _ body: (inout YAMLText) -> Void) {
    start()
    text += "\(key):\n"
    indent += 2
    body(&self)
    indent -= 2
  }

  /// An entry of a list: what `body` writes, the first line with a dash.
  mutating func entry(_ body: (inout YAMLText) -> Void) {
    isFirstOfEntry = true
    indent += 2
    body(&self)
    indent -= 2
    isFirstOfEntry = false
  }

  /// A key and its value; none where there is no value.
  mutating func pair(_ key: String, _ value: String?) {
    guard let value else { return }
    start()
    text += "\(key): \(value)\n"
  }

  private mutating func start() {
    let dash = isFirstOfEntry ? String(repeating: " ", count: indent - 2) + "- " : nil
    text += dash ?? String(repeating: " ", count: indent)
    isFirstOfEntry = false
  }

  /// The text as a scalar in quotes.
  static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  /// The bytes as a scalar: two digits each.
  static func bytes(_ bytes: some Sequence<UInt8>) -> String {
    quoted(bytes.map { String(hexadecimal($0).dropFirst(2)) }.joined(separator: " "))
  }

  /// A list in one line.
  static func list(_ values: some Sequence<String>) -> String {
    "[\(values.joined(separator: ", "))]"
  }
}

extension String {
  /// 8-bit ASCII and Latin 1 as text; `nil` where a byte is no character that is seen.
  init?(latin1 bytes: some Collection<UInt8>) {
    guard bytes.allSatisfy({ 0x20...0x7E ~= $0 || $0 >= 0xA0 }) else { return nil }
    self.init(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }
}

extension YAMLValue {
  /// A text of characters that are 8-bit ASCII or Latin 1, as their bytes.
  func latin1(atMost limit: Int) throws(ContentError) -> [UInt8] {
    let text = try text()
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      guard let byte = UInt8(exactly: scalar.value), 0x20...0x7E ~= byte || byte >= 0xA0 else {
        throw error("'\(scalar)' in '\(text)' is not a character of 8-bit ASCII")
      }
      bytes.append(byte)
    }
    guard bytes.count <= limit else {
      throw error("'\(text)' has \(bytes.count) characters; at most \(limit) are possible here")
    }
    return bytes
  }
}
