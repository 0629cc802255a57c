import IPMI
import Testing

@Suite struct MessageTests {
  @Test func requestHasNoCompletionCode() {
    var request = Message(.setBMCGlobalEnables)
    request.append(0x0F)
    #expect(request.bytes == [0x18, 0x2E, 0x0F])
    #expect(request.completionCode == nil)
    #expect(request.data(0) == 0x0F)
    #expect(request.data(1) == nil)
    #expect(request.dataCount == 1)
  }

  @Test func responseKeepsLUNAndCommand() {
    let request = Message(.getDeviceID, lun: .sms)
    let response = Message(respondingTo: request, .invalidForLUN)
    #expect(response.bytes == [0x1E, 0x01, 0xC2])
    #expect(response.netFn.isResponse)
    #expect(response.command == .getDeviceID)
    #expect(response.completionCode == .invalidForLUN)
    #expect(response.dataCount == 0)
  }

  /// IPMI v2.0, table 5-1: whose command it is stands in responses, too.
  @Test(
    arguments: [
      ([0xB0, 0x01, 0xDC, 1, 2], [0xB4, 0x01, 0xC1, 0xDC]), ([0xB0, 0x01], [0xB4, 0x01, 0xC1]),
      ([0xB8, 0x01, 1, 2, 3, 4], [0xBC, 0x01, 0xC1, 1, 2, 3]),
      ([0xB8, 0x01, 1], [0xBC, 0x01, 0xC1, 1]), ([0xC0, 0x01, 1, 2], [0xC4, 0x01, 0xC1]),
    ] as [([UInt8], [UInt8])])
  func responseSaysWhoseCommandItIs(_ request: [UInt8], _ expected: [UInt8]) throws {
    let message = Message(request.span)
    let response = Message(respondingTo: try #require(message), .invalidCommand)
    #expect((0..<response.count).map { response.bytes[$0] } == expected)
  }

  @Test func everyLengthThatFitsIsAMessage() {
    for count in 0...Message.capacity + 1 {
      let bytes = [UInt8](repeating: 0xA5, count: count)
      let message = Message(bytes.span)
      #expect((message != nil) == (2...Message.capacity).contains(count))
      #expect((message?.count ?? count) == count)
    }
  }

  @Test func aResponseCutBeforeItsCodeHasNone() {
    let bytes: [UInt8] = [0x1C, 0x01]
    let message = Message(bytes.span)
    #expect(message?.completionCode == nil)
    #expect(message?.dataCount == 0)
  }

  @Test func everyByteZeroSplitsIntoNetFnAndLUN() {
    for byte in UInt8.min...UInt8.max {
      let message = Message([byte, 0x01])
      #expect(message?.netFn.rawValue == byte >> 2)
      #expect(message?.lun.rawValue == byte & 3)
    }
  }
}
