import IPMI
import VMProtocol

/// A host that sends requests and takes responses: the host's end of the VM protocol.
///
/// What QEMU's `ipmi-bmc-extern` is, without a device that a guest reaches. One request is open at a
/// time. A state machine without I/O, as ``IPMIHostBridge`` is, to which its bytes go.
public struct MessageHost: Sendable {
  /// What comes from the BMC.
  public enum Event: Equatable, Sendable {
    /// The response to the request that was sent last.
    case response(Message)
    /// The BMC asks for something, or says how attention is.
    case control(VMControl)
  }

  private var decoder = VMDecoder(role: .vm)
  private var output = VMOutput<2048>()
  private var id: UInt8 = 0
  private var isOpen = false

  /// A host that greets its BMC, and says that it can do everything that it can be asked for.
  public init() {
    _ = output.append(control: .version, argument: VMControl.protocolVersion)
    let capabilities: VMCapabilities = [
      .powerOff, .reset, .interrupts, .nmi, .attention, .gracefulShutdown,
    ]
    _ = output.append(control: .capabilities, argument: capabilities.rawValue)
  }

  /// Sends a request; an open one is given up.
  ///
  /// - Returns: `false`, and no change, where the BMC has not taken those before.
  public mutating func send(_ request: Message) -> Bool {
    guard output.append(id: id &+ 1, message: request) else { return false }
    id &+= 1
    isOpen = true
    return true
  }

  /// Takes bytes from `offset` up to the first event; `nil` when none is left.
  public mutating func receive(_ bytes: Span<UInt8>, from offset: inout Int) -> Event? {
    while let event = decoder.feed(bytes, from: &offset) {
      switch event {
      case .message(let id, let message), .rejected(.tooLong(let id, let message)):
        guard isOpen, id == self.id else { continue }
        isOpen = false
        return .response(message)
      case .control(.version, _), .rejected: continue
      case .control(let command, _): return .control(command)
      }
    }
    return nil
  }

  /// Whether bytes wait for the BMC.
  public var hasOutput: Bool { !output.isEmpty }

  /// Replaces what `chunk` holds by the oldest bytes for the BMC, as many as fit.
  public mutating func copyOutput<let size: Int>(into chunk: inout FixedBytes<size>) {
    output.copy(into: &chunk)
  }

  /// Removes the `count` oldest bytes for the BMC: it has taken them.
  public mutating func consumeOutput(_ count: Int) { output.removeFirst(count) }
}
