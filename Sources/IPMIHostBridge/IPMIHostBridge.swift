import IPMI
import SystemInterfaces
import VMProtocol

/// Joins a host that speaks the VM protocol to a BMC that has registers.
///
/// The host end is the other side of QEMU's `ipmi-bmc-extern`: a byte stream with requests and
/// commands. The BMC end is a system interface whose registers firmware reads and writes; the
/// bridge drives the host's half of it. It keeps the message ids, one open request at a time,
/// supervises the BMC, and carries attention and host control.
///
/// ```
///  VM protocol            IPMIHostBridge                      registers
///  bytes ──► receive ──► queue ──► one open ──► Interface ──► IDR, C/D, IBF
///  bytes ◄── output  ◄────────── response  ◄── (KCSHost) ◄── ODR, STR, OBF
/// ```
///
/// A state machine without I/O: the owner of the connection and of the registers calls it and
/// passes both, with the time in nanoseconds of a clock that does not run backwards. Whatever
/// arrives, memory is bounded and every request is answered once, in order, or has nobody left who
/// waits for it.
public struct IPMIHostBridge<Interface: SystemInterfaceHost>: Sendable {
  /// How long a request may take before it is answered in the BMC's place, in nanoseconds.
  ///
  /// 3 s: QEMU gives up after 4 s, and a response after that carries a stale id, which QEMU
  /// takes as a reason to stop its timer and not as a response: its host would wait for ever.
  public static var responseTimeout: UInt64 { 3_000_000_000 }

  /// Counters.
  public private(set) var statistics = BridgeStatistics()
  /// When ``advance(_:now:)`` must be called again at the latest, in nanoseconds, if nothing else
  /// happens; `nil` where it need not.
  public var deadline: UInt64? { due == .max ? nil : due }

  /// ``deadline``, where `.max` is never: the cheaper form, for it moves at every access.
  private var due = UInt64.max
  private var link = VMLink()
  private var queue = RequestQueue()
  /// The host's half of the interface, for what can be chosen of it.
  public var interface: Interface
  private var open: OpenRequest?
  private var hostWasReset = false

  /// The request that the BMC is working on.
  private struct OpenRequest: Sendable {
    var id: UInt8
    var command: Command
    var lun: LUN
    var deadline: UInt64
    /// Whether someone still waits: not yet answered, host still there, not asked anew.
    var isAwaited = true

    /// When it must be answered; `.max` where nobody waits.
    var awaitedUntil: UInt64 { isAwaited ? deadline : .max }

    mutating func transfer(through stream: inout some StateStream) {
      stream.transfer(&id)
      var message = Message(command, lun: lun)
      message.transfer(through: &stream)
      (command, lun) = (message.command, message.lun)
      stream.transfer(deadline: &deadline)
      stream.transfer(&isAwaited)
    }

    /// The response given in the BMC's place.
    func response(_ code: CompletionCode) -> Message {
      Message(respondingTo: Message(command, lun: lun), code)
    }
  }

  /// A bridge with no host connected, over the host's half of the BMC's interface.
  public init(_ interface: Interface) {
    self.interface = interface
  }

  // MARK: The connection

  /// Whether a host is connected.
  public var isConnected: Bool { link.isConnected }

  /// A host has connected: it is greeted with the next ``advance(_:now:)``.
  public mutating func connected() {
    abandonAll()
    link.connect()
  }

  /// The host is gone. A request it left open is aborted, as a host that boots again does.
  public mutating func disconnected() {
    abandonAll()
    link.disconnect()
  }

  /// How many bytes can be received: no request among them will find the queue full.
  public var acceptableInput: Int {
    guard link.capabilities == nil else { return 4096 }
    // The first byte may end a request; each further one needs five.
    return queue.isFull ? 0 : 1 + 5 * (queue.free - 1)
  }

  /// Takes bytes from the host. Call ``advance(_:now:)`` afterwards.
  ///
  /// - Returns: How many were taken: all, unless more than ``acceptableInput`` were offered and
  ///   the queue is full. Offer the rest again later.
  @discardableResult
  public mutating func receive(_ bytes: Span<UInt8>, now: UInt64) -> Int {
    var offset = 0
    while offset < bytes.count {
      if queue.isFull, link.capabilities == nil { break }
      switch link.feed(bytes, from: &offset) {
      case .message(let id, let message):
        enqueue(message, id: id, isAnswered: false, now: now)
      case .rejected(.tooLong(let id, let response)):
        enqueue(response, id: id, isAnswered: true, now: now)
      case .rejected:
        statistics.rejectedFrames &+= 1
      case .control(.reset, _):
        hostWasReset = true
      case .control, nil:
        break
      }
    }
    return offset
  }

  /// Whether bytes wait for the host.
  public var hasOutput: Bool { link.hasOutput }

  /// Replaces what `chunk` holds by the oldest bytes for the host, as many as fit.
  ///
  /// They stay until ``consumeOutput(_:)`` is told how many were written.
  public mutating func copyOutput<let size: Int>(into chunk: inout FixedBytes<size>) {
    link.copyOutput(into: &chunk)
  }

  /// Removes the `count` oldest bytes for the host: they were written. Call ``advance(_:now:)``
  /// when a request waits for room.
  public mutating func consumeOutput(_ count: Int) {
    link.consumeOutput(count)
  }

  // MARK: Host control

  /// Asks the host for something only hardware could do: power, reset, NMI, shutdown.
  ///
  /// - Returns: `false` where no host is connected, it did not announce the capability, or it
  ///   does not read what it is sent.
  @discardableResult
  public mutating func control(_ command: VMControl) -> Bool {
    link.send(command)
  }

  /// Whether the host said that it was reset since this was asked last.
  public mutating func takeHostReset() -> Bool {
    defer { hostWasReset = false }
    return hostWasReset
  }

  // MARK: Saving and restoring

  /// Saves what goes on at the registers, or restores it: the bridge as the BMC's machine sees it.
  ///
  /// The connection is not part of that, for the host is another machine. A request it has open
  /// when an older state is restored begins again, after the one that is restored, whose response
  /// then nobody awaits.
  public mutating func transfer(through stream: inout some StateStream) {
    let interrupted = open.flatMap { $0.isAwaited ? ($0, interface.request) : nil }
    interface.transfer(through: &stream)
    var isOpen = open != nil
    stream.transfer(&isOpen)
    var saved = open ?? OpenRequest(id: 0, command: .getDeviceID, lun: .bmc, deadline: 0)
    saved.transfer(through: &stream)
    if isOpen == interface.isIdle { stream.reject() }
    guard stream.isRestoring else { return }
    saved.isAwaited = saved.isAwaited && interrupted == nil && isConnected
    open = isOpen ? saved : nil
    due = 0
    if let (request, message) = interrupted {
      let queued = QueuedRequest(
        id: request.id, message: message, isAnswered: false, deadline: request.deadline)
      if !queue.prepend(queued) { statistics.abandoned &+= 1 }
    }
  }

  // MARK: The registers

  /// Lets the host act on the registers as far as it can, and time pass.
  ///
  /// Call it after every BMC access to the registers, after ``receive(_:now:)``, and at
  /// ``deadline``.
  public mutating func advance(_ registers: inout Interface.Registers, now: UInt64) {
    announce(registers)
    if now >= due { expire(now: now) }
    var wait = run(&registers, now: now)
    while wait == .max, !queue.isEmpty, startNext() {
      wait = run(&registers, now: now)
    }
    // Once more: over BT it is the host that clears SMS_ATN.
    announce(registers)
    // Without room for a response the queue waits for the peer to read, not for time to pass.
    due = min(
      wait, link.hasRoomForResponse ? queue.firstDeadline : .max, open?.awaitedUntil ?? .max)
  }

  @inline(__always)
  private mutating func announce(_ registers: Interface.Registers) {
    link.announce(
      attention: Interface.attention(on: registers),
      interrupts: Interface.hostInterruptIsEnabled(on: registers))
  }

  /// Runs the open request until the BMC has to act: until when at most, or `.max` when none is
  /// open.
  private mutating func run(_ registers: inout Interface.Registers, now: UInt64) -> UInt64 {
    while true {
      switch interface.event(on: &registers, now: now) {
      case .progressed:
        continue
      case .waiting(let until):
        return until
      case .complete:
        close(with: interface.response)
        return .max
      case .failed:
        close(with: nil)
        return .max
      case .idle, .attention:
        return .max
      }
    }
  }

  // MARK: Requests

  private mutating func enqueue(_ message: Message, id: UInt8, isAnswered: Bool, now: UInt64) {
    statistics.requests &+= 1
    // A VM has one request outstanding. When it sends another it has given up the first, and a
    // response to that would carry a stale id.
    if link.capabilities != nil { abandonAll() }
    let request = QueuedRequest(
      id: id, message: message, isAnswered: isAnswered, deadline: now &+ Self.responseTimeout)
    if queue.append(request) {
      due = min(due, request.deadline)
    } else {
      statistics.abandoned &+= 1
    }
  }

  // This and the next two, once a request, stay out of line of what happens at every access.

  /// Opens the oldest queued request; `false` where there is none, or no room for its response.
  @inline(never)
  private mutating func startNext() -> Bool {
    guard open == nil, link.hasRoomForResponse, !queue.isEmpty else { return false }
    let id = queue.first.id
    if queue.first.isAnswered {
      respond(queue.first.message, to: id)
    } else {
      interface.start(queue.first.message)
      open = OpenRequest(
        id: id, command: queue.first.message.command, lun: queue.first.message.lun,
        deadline: queue.first.deadline)
    }
    queue.removeFirst()
    return true
  }

  /// Answers in the BMC's place what it has not answered in time, and aborts it there.
  @inline(never)
  private mutating func expire(now: UInt64) {
    if let late = open, late.isAwaited, now >= late.deadline {
      statistics.timeouts &+= 1
      respond(late.response(.timeout), to: late.id)
      open?.isAwaited = false
      interface.abort()
    }
    while now >= queue.firstDeadline, link.hasRoomForResponse, !queue.isEmpty {
      let id = queue.first.id
      if queue.first.isAnswered {
        respond(queue.first.message, to: id)
      } else {
        statistics.undeliverable &+= 1
        respond(Message(respondingTo: queue.first.message, .responseNotProvided), to: id)
      }
      queue.removeFirst()
    }
  }

  /// The open request is over.
  @inline(never)
  private mutating func close(with response: Message?) {
    guard let closed = open else { return }
    open = nil
    guard closed.isAwaited else { return }
    if let response {
      respond(response, to: closed.id)
    } else {
      statistics.undeliverable &+= 1
      respond(closed.response(.responseNotProvided), to: closed.id)
    }
  }

  private mutating func respond(_ response: Message, to id: UInt8) {
    if link.respond(response, to: id) {
      statistics.responses &+= 1
    } else {
      statistics.abandoned &+= 1
    }
  }

  /// Nobody waits for anything any more.
  private mutating func abandonAll() {
    statistics.abandoned &+= UInt32(queue.count)
    queue.removeAll()
    if open?.isAwaited == true {
      statistics.abandoned &+= 1
      open?.isAwaited = false
      interface.abort()
    }
  }
}
