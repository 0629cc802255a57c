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
