import IPMI
import VMProtocol

/// The BMC's end of one VM protocol connection: bytes on one side, what they mean on the other.
///
/// Greets on connect, keeps the peer's view of attention and interrupts equal to the BMC's, and
/// sends no command the peer has not said it understands. What it could not send for want of room
/// it sends as soon as there is room, so the peer's view is late at worst, never wrong.
struct VMLink: Sendable {
  /// Bytes kept free for the response of the open request, so that it is never refused.
  static let responseReserve = VMFrame.encodedCapacity

  /// The most bytes a control command without an argument has on the wire.
  private static let controlCapacity = 3

  private var decoder = VMDecoder(role: .bmc)
  private var output = VMOutput<2048>()
  private(set) var isConnected = false
  /// What the VM can do; `nil` until it says so. QEMU says so as soon as it connects.
  private(set) var capabilities: VMCapabilities?
  private var announcedAttention: Bool?
  private var announcedInterrupts: Bool?

  /// A new connection: nothing of the last one is left, and the greeting is on its way.
  mutating func connect() {
    self = VMLink()
    isConnected = true
    _ = output.append(control: .version, argument: VMControl.protocolVersion)
  }

  /// The connection is gone, and with it what was not sent.
  mutating func disconnect() {
    self = VMLink()
  }

  /// Takes bytes from `offset` up to the first event; `nil` when none is left. Capabilities are
  /// kept here, every other event is the caller's.
  mutating func feed(_ bytes: Span<UInt8>, from offset: inout Int) -> VMEvent? {
    let event = decoder.feed(bytes, from: &offset)
    if case .control(.capabilities, let argument?) = event {
      capabilities = VMCapabilities(rawValue: argument)
    }
    return event
  }

  /// Whether a further response fits, beside the commands that may precede it.
  var hasRoomForResponse: Bool { output.free >= Self.responseReserve }

  /// Sends a response; `false` where there is no room for it.
  mutating func respond(_ response: Message, to id: UInt8) -> Bool {
    output.append(id: id, message: response)
  }

  /// Sends a command the VM has announced; `false` where it has not, or there is no room.
  mutating func send(_ control: VMControl) -> Bool {
    guard isConnected, capabilities?.isSuperset(of: control.requiredCapability) == true else {
      return false
    }
    return append(control)
  }

  /// Tells the peer what has changed since it was told last: nothing, at nearly every access.
  @inline(__always)
  mutating func announce(attention: Bool, interrupts: Bool) {
    guard isConnected, announcedAttention != attention || announcedInterrupts != interrupts
    else { return }
    announceChange(attention: attention, interrupts: interrupts)
  }

  @inline(never)
  private mutating func announceChange(attention: Bool, interrupts: Bool) {
    if capabilities?.contains(.interrupts) == true, announcedInterrupts != interrupts,
      append(interrupts ? .enableInterrupts : .disableInterrupts)
    {
      announcedInterrupts = interrupts
    }
    // Attention is told before capabilities are known, as ipmi_sim does and every VM expects.
    if announcedAttention != attention,
      append(attention ? .attentionWithInterrupt : .clearAttention)
    {
      announcedAttention = attention
    }
  }

  /// Whether bytes wait to be sent.
  var hasOutput: Bool { !output.isEmpty }

  /// Replaces what `chunk` holds by the oldest bytes to send; they stay until they are consumed.
  mutating func copyOutput<let size: Int>(into chunk: inout FixedBytes<size>) {
    output.copy(into: &chunk)
  }

  /// Removes the `count` oldest bytes to send: they were written.
  mutating func consumeOutput(_ count: Int) {
    output.removeFirst(count)
  }

  private mutating func append(_ control: VMControl) -> Bool {
    output.free >= Self.responseReserve + Self.controlCapacity
      && output.append(control: control)
  }
}
