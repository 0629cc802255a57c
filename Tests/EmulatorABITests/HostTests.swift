import CIPMIHostBridge
import EmulatorABI
import Foundation
import IPMI
import Testing
import VMProtocol

/// Hosts by messages, of each kind.
@Suite struct HostTests {
  /// What a host says first, and a request of NetFn App with three bytes, one of them escaped.
  private static let greeting: [UInt8] = [0xFF, 0x01, 0xA1, 0x08, 0x3F, 0xA1]
  private static let request = Message([0x18, 0x52, 0x01, 0xA0, 0x03] as FixedBytes<300>)!

  /// The bytes of a request in the protocol.
  private static func frame(_ id: UInt8) -> [UInt8] {
    var output = VMOutput<512>()
    _ = output.append(id: id, message: request)
    var chunk = FixedBytes<512>()
    output.copy(into: &chunk)
    return (0..<chunk.count).map { chunk[$0] }
  }

  /// The messages in bytes for a host.
  private func messages(in bytes: [UInt8]) -> [(id: UInt8, Message)] {
    var decoder = VMDecoder(role: .vm)
    var result: [(UInt8, Message)] = []
    for byte in bytes {
      if case .message(let id, let message) = decoder.feed(byte) { result.append((id, message)) }
    }
    return result
  }

  private func expectResponse(in bytes: [UInt8], id: UInt8) throws {
    let messages = messages(in: bytes)
    try #require(messages.count == 1)
    #expect(messages[0].id == id)
    let response = messages[0].1
    #expect(
      (0..<response.count).map { response.bytes[$0] } == [0x1C, 0x52, 0x00, 0x01, 0xA0, 0x03])
  }

  @Test func bytesAreCarriedByTheEmulator() throws {
    let chip = try Chip("npcm750")
    unsafe try Chip.check(ihb_attach_wire(chip.soc, IHB_KCS1))
    #expect(try chip.isConnected(IHB_KCS1))
    var firmware = try Firmware(chip)
    for id in 0...9 as ClosedRange<UInt8> {
      try chip.send((id == 0 ? Self.greeting : []) + Self.frame(id), to: IHB_KCS1)
      try firmware.run()
      try expectResponse(in: chip.receive(from: IHB_KCS1), id: id)
    }
    unsafe try Chip.check(ihb_detach(chip.soc, IHB_KCS1))
    #expect(try chip.isConnected(IHB_KCS1) == false)
    unsafe try Chip.check(ihb_attach_wire(chip.soc, IHB_KCS1))
    try chip.send(Self.greeting + Self.frame(0x77), to: IHB_KCS1)
    try firmware.run()
    try expectResponse(in: chip.receive(from: IHB_KCS1), id: 0x77)
  }

  @Test func aDescriptorCarriesThem() throws {
    var pair: [Int32] = [0, 0]
    try #require(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
    let chip = try Chip("npcm750")
    unsafe try Chip.check(ihb_attach_fd(chip.soc, IHB_KCS1, pair[0]))
    var firmware = try Firmware(chip)
    let bytes = Self.greeting + Self.frame(3)
    #expect(unsafe write(pair[1], bytes, bytes.count) == bytes.count)
    try chip.advance(to: 1)
    try firmware.run()
    #expect(try chip.deadline() <= 1, "there is something to write")
    try chip.advance(to: 2)
    var buffer = [UInt8](repeating: 0, count: 512)
    let count = unsafe read(pair[1], &buffer, buffer.count)
    try #require(count > 0)
    try expectResponse(in: Array(buffer[..<count]), id: 3)
    close(pair[1])
    try chip.advance(to: 3)
    #expect(try chip.isConnected(IHB_KCS1) == false)
    unsafe try Chip.check(ihb_detach(chip.soc, IHB_KCS1))
    close(pair[0])

    // One that is closed is an error, once.
    unsafe try Chip.check(ihb_attach_fd(chip.soc, IHB_KCS1, pair[0]))
    #expect(unsafe ihb_advance(chip.soc, 4) == IHB_ERROR_SYSTEM)
    #expect(unsafe String(cString: ihb_last_error_message()).hasPrefix("poll: "))
    #expect(unsafe ihb_advance(chip.soc, 5) == IHB_OK)
  }

  /// A host that never reads holds nobody up, and gets everything in the end.
  @Test func aFullDescriptorIsTriedAgain() throws {
    var pair: [Int32] = [0, 0]
    try #require(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
    defer {
      close(pair[0])
      close(pair[1])
    }
    let junk = [UInt8](repeating: 0, count: 65536)
    while unsafe send(pair[0], junk, junk.count, Int32(MSG_DONTWAIT)) > 0 {}
    let chip = try Chip("npcm750")
    unsafe try Chip.check(ihb_attach_fd(chip.soc, IHB_KCS1, pair[0]))
    try chip.advance(to: 10)
    #expect(try chip.deadline() == 10 + 1_000_000)
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while unsafe recv(pair[1], &buffer, buffer.count, Int32(MSG_DONTWAIT)) > 0 {}
    try chip.advance(to: 20)
    let count = unsafe recv(pair[1], &buffer, buffer.count, Int32(MSG_DONTWAIT))
    #expect(count > 0 && buffer[0] == 0xFF, "the greeting begins with the version")
  }

  /// What messages come, as the callbacks are given them.
  private final class Host {
    var responses: [[UInt8]] = []
    var controls: [ihb_control] = []
  }

  private func attach(_ host: Host, to chip: Chip) throws {
    unsafe try Chip.check(
      ihb_attach_messages(
        chip.soc, IHB_KCS1,
        { user, responder, bytes, length in
          #expect(responder == IHB_KCS1)
          unsafe Unmanaged<Host>.fromOpaque(user!).takeUnretainedValue().responses.append(
            Array(UnsafeBufferPointer(start: bytes, count: length)))
        },
        { user, _, control in
          unsafe Unmanaged<Host>.fromOpaque(user!).takeUnretainedValue().controls.append(control)
        }, Unmanaged.passUnretained(host).toOpaque()))
  }

  @Test func messagesAreEnough() throws {
    let chip = try Chip("npcm750")
    let host = Host()
    try attach(host, to: chip)
    var firmware = try Firmware(chip)
    for length in [0, 1, 17, 298] {
      let data = (0..<length).map { UInt8(truncatingIfNeeded: 0x9C + $0) }
      host.responses = []
      unsafe try Chip.check(ihb_request(chip.soc, IHB_KCS1, 0x18, 0x52, data, data.count))
      try firmware.run()
      #expect(host.responses.isEmpty, "callbacks are ihb_advance's")
      try chip.advance(to: 1)
      // The response has one byte more than the request, so the last one loses one.
      #expect(host.responses == [[0x1C, 0x52, 0x00] + data.prefix(297)])
    }
    #expect(firmware.requests.map(\.dataCount) == [0, 1, 17, 298])
    for control in [IHB_CONTROL_RESET, IHB_CONTROL_NMI, IHB_CONTROL_POWER_OFF] {
      unsafe try Chip.check(ihb_ask(chip.soc, IHB_KCS1, control))
    }
    host.controls = []
    try chip.advance(to: 2)
    #expect(host.controls == [IHB_CONTROL_RESET, IHB_CONTROL_NMI, IHB_CONTROL_POWER_OFF])
  }

  /// A callback may ask the next thing, or leave.
  @Test func aCallbackMayAskAgainAndLeave() throws {
    let chip = try Chip("npcm750")
    final class Asker {
      let chip: Chip
      var responses = 0
      init(_ chip: Chip) { self.chip = chip }
    }
    let asker = Asker(chip)
    unsafe try Chip.check(
      ihb_attach_messages(
        chip.soc, IHB_KCS1,
        { user, responder, _, _ in
          let asker = unsafe Unmanaged<Asker>.fromOpaque(user!).takeUnretainedValue()
          asker.responses += 1
          let result =
            asker.responses < 5
            ? unsafe ihb_request(asker.chip.soc, responder, 0x18, 0x52, nil, 0)
            : unsafe ihb_detach(asker.chip.soc, responder)
          #expect(result == IHB_OK)
        }, nil, Unmanaged.passUnretained(asker).toOpaque()))
    var firmware = try Firmware(chip)
    unsafe try Chip.check(ihb_request(chip.soc, IHB_KCS1, 0x18, 0x52, nil, 0))
    for now in 0..<10 as Range<UInt64> {
      try firmware.run()
      try chip.advance(to: now)
    }
    #expect(asker.responses == 5)
    #expect(firmware.requests.count == 5)
    #expect(try chip.isConnected(IHB_KCS1) == false)
  }

  /// A BMC that does not answer is answered for, when its time is over and not before.
  @Test func silenceEndsAtTheDeadline() throws {
    let chip = try Chip("npcm750")
    let host = Host()
    try attach(host, to: chip)
    try chip.advance(to: 1_000)
    unsafe try Chip.check(ihb_request(chip.soc, IHB_KCS1, 0x18, 0x01, nil, 0))
    var now: UInt64 = 1_000
    while host.responses.isEmpty, now < 10_000_000_000 {
      now = max(now + 1, try chip.deadline())
      try chip.advance(to: now)
    }
    #expect(host.responses == [[0x1C, 0x01, 0xC3]])
    #expect(now == 3_000_001_000)
  }
}
