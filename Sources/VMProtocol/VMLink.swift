import IPMI

/// The BMC's end of one VM protocol connection: bytes on one side, what they mean on the other.
///
/// Greets on connect, keeps the peer's view of attention and interrupts equal to the BMC's, and
/// sends no command the peer has not said it understands. What it could not send for want of room
/// it sends as soon as there is room, so the peer's view is late at worst, never wrong.
public struct VMLink: Sendable {
  /// Bytes kept free for the response of the open request, so that it is never refused.
  @usableFromInline
  static var responseReserve: Int { VMFrame.encodedCapacity }

  /// The most bytes a control command without an argument has on the wire.
  @usableFromInline
  static var controlCapacity: Int { 3 }

  private var decoder = VMDecoder(role: .bmc)
  // Seen by other modules, which would otherwise copy all of the link to ask how much it holds.
  @usableFromInline
  private(set) var output = VMOutput<2048>()
  /// Whether a VM is connected.
  public private(set) var isConnected = false
  /// What the VM can do; `nil` until it says so. QEMU says so as soon as it connects.
  public private(set) var capabilities: VMCapabilities?
  @usableFromInline
  private(set) var announcedAttention: Bool?
  @usableFromInline
  private(set) var announcedInterrupts: Bool?

  /// A link that nobody is connected to.
  public init() {}

  /// A new connection: nothing of the last one is left, and the greeting is on its way.
  public mutating func connect() {
    self = VMLink()
    isConnected = true
    _ = output.append(control: .version, argument: VMControl.protocolVersion)
  }

  /// The connection is gone, and with it what was not sent.
  public mutating func disconnect() {
    self = VMLink()
  }

  // MARK: From the peer

  /// Takes bytes from `offset` up to the first event; `nil` when none is left. Capabilities are
  /// kept here, every other event is the caller's.
  public mutating func feed(_ bytes: Span<UInt8>, from offset: inout Int) -> VMEvent? {
    let event = decoder.feed(bytes, from: &offset)
    if case .control(.capabilities, let argument?) = event {
      capabilities = VMCapabilities(rawValue: argument)
    }
    return event
  }

  // MARK: To the peer

  /// Whether a further response fits, beside the commands that may precede it.
  @inlinable
  public var hasRoomForResponse: Bool { output.free >= Self.responseReserve }

  /// Whether a further command fits, beside a response.
  @inlinable
  public var hasRoomForCommand: Bool {
    output.free >= Self.responseReserve + Self.controlCapacity
  }

  /// Sends a response; `false` where there is no room for it.
  public mutating func respond(_ response: Message, to id: UInt8) -> Bool {
    output.append(id: id, message: response)
  }

  /// Whether the VM is there and has announced what `control` needs.
  public func accepts(_ control: VMControl) -> Bool {
    isConnected && capabilities?.isSuperset(of: control.requiredCapability) == true
  }

  /// Sends a command the VM has announced; `false` where it has not, or there is no room.
  public mutating func send(_ control: VMControl) -> Bool {
    accepts(control) && append(control)
  }

  /// Tells the peer what has changed since it was told last: nothing, at nearly every access.
  // In line, also in another module: it is called at every access to a register.
  @inlinable
  @inline(__always)
  public mutating func announce(attention: Bool, interrupts: Bool) {
    guard isConnected, announcedAttention != attention || announcedInterrupts != interrupts
    else { return }
    announceChange(attention: attention, interrupts: interrupts)
  }

  @usableFromInline
  @inline(never)
  mutating func announceChange(attention: Bool, interrupts: Bool) {
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

  private mutating func append(_ control: VMControl) -> Bool {
    hasRoomForCommand && output.append(control: control)
  }

  // MARK: Bytes for the peer

  /// Whether bytes wait to be sent.
  @inlinable
  public var hasOutput: Bool { !output.isEmpty }

  /// Replaces what `chunk` holds by the oldest bytes to send; they stay until they are consumed.
  public mutating func copyOutput<let size: Int>(into chunk: inout FixedBytes<size>) {
    output.copy(into: &chunk)
  }

  /// Removes the `count` oldest bytes to send: they were written.
  public mutating func consumeOutput(_ count: Int) {
    output.removeFirst(count)
  }

  /// Moves the oldest bytes to send to the end of `span`, as many as fit.
  public mutating func moveOutput(to span: inout OutputRawSpan) {
    output.move(to: &span)
  }
}
