import HostPeripherals
import IPMI
import VMProtocol

/// Joins a host that has registers to a BMC that speaks the VM protocol.
///
/// What QEMU's `ipmi-bmc-extern` is to its host devices, the other side of ``IPMIHostBridge``: it
/// takes the host's requests from a device, gives them numbers, sends them, and answers in the BMC's
/// place where that does not. Attention, interrupts and host control come the other way.
///
/// A state machine without I/O: the owner of the connection and of the host's bus calls it and passes
/// the time, in nanoseconds of a clock that does not run backwards. Whatever arrives, memory is
/// bounded and every request the host waits for is answered once.
public struct HostMessageBridge<Device: MessageResponder>: Sendable {
  /// How long the BMC has, in nanoseconds: QEMU's 4 s.
  public static var responseTimeout: UInt64 { 4_000_000_000 }
  /// What the host can be asked for: everything.
  public static var capabilities: VMCapabilities {
    [.powerOff, .reset, .interrupts, .nmi, .attention, .gracefulShutdown]
  }

  /// The host's device; call ``advance(now:)`` after the host has reached it.
  public var device: Device
  /// Counters.
  public private(set) var statistics = BridgeStatistics()
  /// Whether a BMC is connected.
  public private(set) var isConnected = false

  private var decoder = VMDecoder(role: .vm)
  private var output = VMOutput<2048>()
  private var nextID: UInt8 = 0
  private var open: OpenRequest?
  private var requested: VMCapabilities = []

  /// The request that the BMC works on.
  private struct OpenRequest: Sendable {
    var id: UInt8
    var command: Command
    var lun: LUN
    var deadline: UInt64

    /// The response given in the BMC's place.
    func response(_ code: CompletionCode) -> Message {
      Message(respondingTo: Message(command, lun: lun), code)
    }
  }

  /// A bridge with no BMC connected, for the host's device.
  public init(_ device: Device) {
    self.device = device
  }

  /// When ``advance(now:)`` must be called again if nothing else happens; `nil` where it need not.
  public var deadline: UInt64? { open?.deadline }

  // MARK: The connection

  /// A BMC is connected: it is greeted, and told what the host can do.
  public mutating func connected(now: UInt64) {
    disconnected(now: now)
    isConnected = true
    _ = output.append(control: .version, argument: VMControl.protocolVersion)
    _ = output.append(control: .capabilities, argument: Self.capabilities.rawValue)
  }

  /// The BMC is gone: the open request is answered in its place, and attention is over.
  public mutating func disconnected(now: UInt64) {
    isConnected = false
    decoder.reset()
    output.removeAll()
    device.setAttention(false, interrupts: false)
    close(.initializationInProgress, now: now)
  }

  /// Takes bytes from the BMC, all of them. Call ``advance(now:)`` afterwards.
  public mutating func receive(_ bytes: Span<UInt8>, now: UInt64) {
    var offset = 0
    while let event = decoder.feed(bytes, from: &offset) {
      switch event {
      case .message(let id, let message), .rejected(.tooLong(let id, let message)):
        // Another id is an answer that comes too late; the time of the open one goes on.
        if open?.id == id { close(with: message, now: now) }
      case .rejected:
        statistics.rejectedFrames &+= 1
      case .control(let command, _):
        receive(command)
      }
    }
  }

  private mutating func receive(_ command: VMControl) {
    switch command {
    case .clearAttention: device.setAttention(false, interrupts: false)
    case .attention: device.setAttention(true, interrupts: false)
    case .attentionWithInterrupt: device.setAttention(true, interrupts: true)
    case .enableInterrupts: device.setInterruptEnabled(true)
    case .disableInterrupts: device.setInterruptEnabled(false)
    case .powerOff, .reset, .nmi, .gracefulShutdown: requested.insert(command.requiredCapability)
    default: break
    }
  }

  /// Whether bytes wait for the BMC.
  public var hasOutput: Bool { !output.isEmpty }

  /// Replaces what `chunk` holds by the oldest bytes for the BMC, as many as fit.
  public mutating func copyOutput<let size: Int>(into chunk: inout FixedBytes<size>) {
    output.copy(into: &chunk)
  }

  /// Removes the `count` oldest bytes for the BMC: they were written.
  public mutating func consumeOutput(_ count: Int) { output.removeFirst(count) }

  // MARK: Host control

  /// What the BMC has asked of the host since this was asked last: power, reset, NMI, shutdown.
  public mutating func takeHostControl() -> VMCapabilities {
    defer { requested = [] }
    return requested
  }

  /// Tells the BMC that the host was reset.
  public mutating func hostWasReset() {
    guard isConnected else { return }
    _ = output.append(control: .reset)
  }

  // MARK: Requests

  /// Sends a request that the host has written, and lets time pass.
  public mutating func advance(now: UInt64) {
    if let late = open, now >= late.deadline {
      statistics.timeouts &+= 1
      close(.timeout, now: now)
    }
    while let request = device.takeRequest(now: now) {
      statistics.requests &+= 1
      // The host has given the last one up.
      if open != nil { statistics.abandoned &+= 1 }
      open = OpenRequest(
        id: nextID, command: request.command, lun: request.lun,
        deadline: now &+ Self.responseTimeout)
      let isSent = isConnected && output.append(id: nextID, message: request)
      nextID &+= 1
      if !isSent {
        statistics.undeliverable &+= 1
        close(.initializationInProgress, now: now)
      }
    }
  }

  private mutating func close(_ code: CompletionCode, now: UInt64) {
    guard let open else { return }
    close(with: open.response(code), now: now)
  }

  private mutating func close(with response: Message, now: UInt64) {
    open = nil
    if device.respond(response, now: now) {
      statistics.responses &+= 1
    } else {
      statistics.abandoned &+= 1
    }
  }
}
