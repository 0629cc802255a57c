import BMCPeripherals
import CIPMIHostBridge
import IPMI
import IPMIHostBridge
import VMProtocol

/// The host by messages of one channel: what carries its bytes.
@safe class MessageEnd {
  final let responder: Responder

  init(_ responder: Responder) {
    self.responder = responder
  }

  /// Whether the emulator carries the bytes itself.
  var isWire: Bool { false }
  /// Whether it is one that sends with `ihb_request`.
  var messages: MessagesEnd? { nil }
  /// Whether it is one on an SMBus.
  var smbus: SMBusEnd? { nil }
  /// Moves bytes both ways; an error where that has failed for good.
  func serve(_ soc: SoC) -> ihb_error { IHB_OK }
  /// When ``serve(_:)`` is due; `.max` where it is not.
  func deadline(_ soc: SoC) -> UInt64 { .max }
}

/// A host whose bytes `ihb_wire_send` and `ihb_wire_receive` carry.
@safe final class WireEnd: MessageEnd {
  override var isWire: Bool { true }
}

/// A host at the other end of a file descriptor.
@safe final class DescriptorEnd: MessageEnd {
  private let descriptor: Int32
  private let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: bufferSize)
  /// Whether the descriptor has not taken all bytes that it was offered last.
  private var isStalled = false

  private static let bufferSize = 512
  /// How much a host may send for one `ihb_advance`: it must not hold the emulator up.
  private static let chunkLimit = 16
  /// How long to wait for a descriptor that takes no bytes, in nanoseconds.
  private static let retry: UInt64 = 1_000_000

  init(_ responder: Responder, _ descriptor: Int32) {
    self.descriptor = descriptor
    super.init(responder)
  }

  deinit { unsafe buffer.deallocate() }

  override func serve(_ soc: SoC) -> ihb_error {
    guard soc.isConnected(responder) else { return IHB_OK }
    for _ in 0..<Self.chunkLimit {
      let capacity = min(soc.acceptableInput(of: responder), Self.bufferSize)
      guard capacity > 0 else { break }
      let count = unsafe ihb_internal_read(descriptor, buffer, capacity)
      guard count >= 0 else { return close(soc, count) }
      guard count > 0 else { break }
      unsafe soc.report(IHB_EVENT_FROM_HOST, of: responder, buffer, count)
      let bytes = unsafe UnsafeBufferPointer(start: buffer, count: count)
      _ = unsafe soc.receive(bytes.span, from: responder)
    }
    return flush(soc)
  }

  private func flush(_ soc: SoC) -> ihb_error {
    var chunk = FixedBytes<512>()
    isStalled = false
    while soc.hasOutput(of: responder) {
      soc.copyOutput(of: responder, into: &chunk)
      for index in 0..<chunk.count { unsafe buffer[index] = chunk[index] }
      let count = unsafe ihb_internal_write(descriptor, buffer, chunk.count)
      guard count >= 0 else { return close(soc, count) }
      guard count > 0 else {
        isStalled = true
        break
      }
      unsafe soc.report(IHB_EVENT_TO_HOST, of: responder, buffer, count)
      soc.consumeOutput(count, of: responder)
    }
    return IHB_OK
  }

  /// The other end is gone, or the descriptor fails.
  private func close(_ soc: SoC, _ outcome: Int) -> ihb_error {
    soc.disconnected(responder)
    return outcome == -1 ? IHB_OK : IHB_ERROR_SYSTEM
  }

  override func deadline(_ soc: SoC) -> UInt64 {
    guard soc.hasOutput(of: responder) else { return .max }
    return isStalled ? soc.now &+ Self.retry : soc.now
  }
}

/// A host that sends requests and is called with the responses.
@safe final class MessagesEnd: MessageEnd {
  private var host = MessageHost()
  private let response: ihb_response_fn?
  private let control: ihb_control_fn?
  private let user: UnsafeMutableRawPointer?
  private let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: bufferSize)

  private static let bufferSize = 512

  init(
    _ responder: Responder, response: ihb_response_fn?, control: ihb_control_fn?,
    user: UnsafeMutableRawPointer?
  ) {
    unsafe self.response = response
    unsafe self.control = control
    unsafe self.user = user
    super.init(responder)
  }

  deinit { unsafe buffer.deallocate() }

  override var messages: MessagesEnd? { self }

  /// Sends a request; `false`, and no change, where there is no room.
  func send(_ request: Message, _ soc: SoC) -> Bool {
    guard host.send(request) else { return false }
    push(soc)
    return true
  }

  /// Gives the BMC what waits for it.
  func push(_ soc: SoC) {
    var chunk = FixedBytes<512>()
    while host.hasOutput {
      host.copyOutput(into: &chunk)
      for index in 0..<chunk.count { unsafe buffer[index] = chunk[index] }
      let bytes = unsafe UnsafeBufferPointer(start: buffer, count: chunk.count)
      let count = unsafe soc.receive(bytes.span, from: responder)
      unsafe soc.report(IHB_EVENT_FROM_HOST, of: responder, buffer, count)
      host.consumeOutput(count)
      if count < chunk.count { return }
    }
  }

  override func serve(_ soc: SoC) -> ihb_error {
    push(soc)
    var chunk = FixedBytes<512>()
    // A callback may have detached this host.
    while soc[responder] === self, soc.hasOutput(of: responder) {
      soc.copyOutput(of: responder, into: &chunk)
      soc.consumeOutput(chunk.count, of: responder)
      take(chunk, soc)
    }
    return IHB_OK
  }

  /// A callback may use the buffer for a new request, and may detach this host: the bytes are decoded
  /// one by one.
  private func take(_ chunk: FixedBytes<512>, _ soc: SoC) {
    for index in 0..<chunk.count { unsafe buffer[index] = chunk[index] }
    unsafe soc.report(IHB_EVENT_TO_HOST, of: responder, buffer, chunk.count)
    for index in 0..<chunk.count where soc[responder] === self {
      let byte: [1 of UInt8] = [chunk[index]]
      var offset = 0
      switch host.receive(byte.span, from: &offset) {
      case .response(let message): tell(message)
      case .control(let command):
        unsafe control?(user, ihb_responder(UInt32(responder.channel)), command.code)
      case nil: break
      }
    }
  }

  private func tell(_ message: Message) {
    guard let response = unsafe response else { return }
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: message.count)
    defer { unsafe bytes.deallocate() }
    for index in 0..<message.count { unsafe bytes[index] = message.bytes[index] }
    unsafe response(user, ihb_responder(UInt32(responder.channel)), bytes, message.count)
  }

  override func deadline(_ soc: SoC) -> UInt64 {
    host.hasOutput || soc.hasOutput(of: responder) ? soc.now : .max
  }
}

extension VMControl {
  /// As the header has it.
  var code: ihb_control { ihb_control(UInt32(rawValue)) }
}
