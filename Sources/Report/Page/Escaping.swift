extension String {
  /// As text of HTML, or as the value of an attribute in quotes.
  ///
  /// Control characters, which a file may have and a page may not, are shown as U+FFFD.
  var html: String {
    var result = ""
    result.reserveCapacity(utf8.count)
    for scalar in unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\t", "\n": result.unicodeScalars.append(scalar)
      case _ where scalar.isControl: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// As a string of JSON that may stand within a script element: nothing in it can end one.
  var json: String {
    var result = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"", "\\":
        result += "\\"
        result.unicodeScalars.append(scalar)
      case _ where scalar.isControl || "<>&\u{2028}\u{2029}".unicodeScalars.contains(scalar):
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// A byte as this project writes them: "1Fh".
  init(byte: UInt8) { self = String(hexadecimal: byte) + "h" }

  /// A byte as two digits.
  init(hexadecimal byte: UInt8) {
    let digits = String(byte, radix: 16, uppercase: true)
    self = digits.count == 1 ? "0" + digits : digits
  }
}

extension Unicode.Scalar {
  /// Whether it is of C0, C1, or turns the direction of what is around it.
  fileprivate var isControl: Bool {
    switch value {
    case ..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
