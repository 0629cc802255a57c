import IPMI
import Testing

@testable import HostPeripherals
@testable import SystemInterfaces

@Suite struct SSIFDeviceTests {
  /// Linux's host against the device; the BMC takes `delay` and answers with as many bytes.
  private func transact(
    _ request: Message, _ device: inout SSIFDevice, _ host: inout SSIFHost, _ now: inout UInt64,
    delay: UInt64 = 0
  ) -> Message? {
    host.start(request)
    while true {
      switch host.event(on: &device.target, now: now) {
      case .progressed: continue
      case .waiting(let end):
        if let request = device.takeRequest(now: now) {
          now += delay
          var response = Message(respondingTo: request)
          for index in 0..<min(request.dataCount, 251) { response.append(request.data(index)!) }
          device.respond(response, now: now)
        }
        now = max(now, end)
      case .complete: return host.response
      case .failed, .idle, .attention: return nil
      }
    }
  }

  @Test func everyLengthGoesThroughWithLinuxsHost() {
    var (device, host, now) = (SSIFDevice(), SSIFHost(), UInt64(0))
    for count in 2...254 {
      var request = Message(.getDeviceID)
      while request.count < count { request.append(UInt8(truncatingIfNeeded: request.count | 1)) }
      let response = transact(request, &device, &host, &now)
      #expect(response?.count == min(count + 1, 254))
    }
    #expect(host.capabilities == .target && host.requestEnd == .endCommand)
  }

  /// QEMU: 00 00 80 FF FF; other types CC, none C7.
  @Test func theCapabilitiesAreAnsweredHere() {
    var (device, host, now) = (SSIFDevice(), SSIFHost(), UInt64(0))
    var request = Message(.getSystemInterfaceCapabilities)
    #expect(transact(request, &device, &host, &now)?.completionCode == .requestLengthInvalid)
    request.append(0)
    let response = transact(request, &device, &host, &now)
    #expect(response.map { Array($0.bytes) } == [0x1C, 0x57, 0x00, 0x00, 0x88, 0xFE, 0xFE])
    for type in UInt8(1)...255 {
      var request = Message(.getSystemInterfaceCapabilities)
      request.append(type)
      #expect(transact(request, &device, &host, &now)?.completionCode == .invalidDataField)
    }
  }

  /// The answer in the BMC's place comes after 4 s, and was lost when the target gave up by then.
  @Test func aBMCHasMoreThanFourSeconds() {
    var (device, host, now) = (SSIFDevice(), SSIFHost(), UInt64(0))
    #expect(transact(Message(.getDeviceID), &device, &host, &now, delay: 4_999_999_999) != nil)
    #expect(transact(Message(.getDeviceID), &device, &host, &now, delay: 5_000_000_000) == nil)
    #expect(transact(Message(.getDeviceID), &device, &host, &now) != nil)
  }

  @Test func theInterruptIsSMBALERT() {
    var device = SSIFDevice()
    #expect(device.target.address == 0x10)
    device.setAttention(true, interrupts: true)
    #expect(!device.interrupt)
    device.setInterruptEnabled(true)
    #expect(device.interrupt)
    #expect(device.target.alertResponse() == 0x20)
    #expect(!device.interrupt)
    device.setInterruptEnabled(false)
    device.setAttention(false, interrupts: false)
    device.setAttention(true, interrupts: true)
    #expect(!device.interrupt)
  }
}
