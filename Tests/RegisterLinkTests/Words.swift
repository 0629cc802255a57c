import RegisterLink

/// The words of a link without a file, and somebody who interferes.
final class Words: LinkMemory {
  var words = [UInt64](repeating: 0, count: LinkWord.count)
  /// Called before every compare and exchange.
  var interfere: ((Words, Int) -> Void)?

  func load(_ number: Int) -> UInt64 { words[number] }

  func store(_ value: UInt64, to number: Int) { words[number] = value }

  func compareExchange(_ number: Int, expected: inout UInt64, _ value: UInt64) -> Bool {
    interfere?(self, number)
    guard words[number] == expected else {
      expected = words[number]
      return false
    }
    words[number] = value
    return true
  }
}
