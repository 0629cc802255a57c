import IPMI
import Testing

@Suite struct CompletionCodeNameTests {
  /// Every code that has a constant, in the order of IPMI v2.0, table 5-2.
  static let all: [UInt8] =
    [0x00] + Array(0xC0...0xCE) + [0xD0, 0xD2, 0xD3, 0xD5, 0xFF]

  @Test func `every code that there is a constant for has a name of its own`() {
    let names = Self.all.compactMap { CompletionCode(rawValue: $0).name?.description }
    #expect(names.count == Self.all.count)
    #expect(Set(names).count == names.count)
  }

  @Test func `names are those of the table`() {
    #expect(CompletionCode.invalidCommand.name?.description == "invalid command")
    #expect(CompletionCode.timeout.name?.description == "time-out")
  }

  @Test func `a code of a command's own has none`() {
    #expect(CompletionCode(rawValue: 0x80).name == nil)
  }
}
