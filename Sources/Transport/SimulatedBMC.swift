import IPMI
import ManagementController
import VMProtocol

/// A BMC without registers: a management controller at the end of a VM protocol connection.
///
/// ```
///  bytes ──► receive ──► VMLink ──► ManagementController
///  bytes ◄── moveOutput ◄── VMLink ◄── response, attention, BoardAction
/// ```
///
/// The VM is the host: it has power while it is connected. What the controller asks of its board is
/// sent to the VM, where the VM has announced that it can do it.
///
/// A state machine without I/O: the owner of the connection calls it and passes the time, in
/// nanoseconds of a clock that does not run backwards. Whatever arrives, memory is bounded and every
/// request is answered once, in order.
public struct SimulatedBMC: Sendable {
  /// Makes the controller that there is after a cold reset, out of the one before.
  public typealias ColdReset =
    @Sendable (_ before: ManagementController, _ now: UInt64) -> ManagementController

  /// How long a VM must be gone, in nanoseconds, before the SEL says that the host has no power: one
  /// that leaves and comes back again and again would fill it.
  public static let absence: UInt64 = 10_000_000_000

  /// What has happened since this was made; every counter wraps around.
  public struct Statistics: Hashable, Sendable {
    /// Requests received and answered, those too long to be understood included.
    public var requests: UInt32 = 0
    /// Frames dropped because they were damaged.
    public var rejectedFrames: UInt32 = 0
    /// Commands sent to the VM: power, reset, NMI, shutdown.
    public var hostControls: UInt32 = 0
    /// What the VM could not be asked for, because it has not announced that it can do it.
    public var refusedHostControls: UInt32 = 0
    /// How often a VM said what it can do.
    public var announcements: UInt32 = 0
    /// How often the VM said that it was reset.
    public var hostResets: UInt32 = 0
  }

  /// Counters.
  public private(set) var statistics = Statistics()
  /// What the controller asked of its board last.
  public private(set) var lastAction: BoardAction?

  private let coldReset: ColdReset
  /// What answers.
  public private(set) var controller: ManagementController
  /// The controller's own deadline.
  private var controllerDeadline: UInt64?
  private var link = VMLink()
  /// Whether the connected VM was told to power off.
  private var isPoweringOff = false
  /// When the VM has been gone for so long that the SEL says so.
  private var absenceEnd: UInt64?
  /// Whether the VM's software has asked for interrupts, by Set BMC Global Enables.
  private var interrupts = false

  /// A BMC that no VM is connected to: its host has no power.
  public init(_ controller: ManagementController, coldReset: @escaping ColdReset) {
    self.controller = controller
    controllerDeadline = controller.deadline
    self.coldReset = coldReset
  }

  /// When ``advance(to:)`` must be called again if nothing else happens, in nanoseconds; `nil`
  /// where it need not.
  public var deadline: UInt64? {
    guard let absenceEnd else { return controllerDeadline }
    return min(absenceEnd, controllerDeadline ?? absenceEnd)
  }

  // MARK: The connection

  /// Whether a VM is connected.
  public var isConnected: Bool { link.isConnected }

  /// What the connected VM can do; `nil` until it says so.
  public var capabilities: VMCapabilities? { link.capabilities }

  /// A VM has connected: it is greeted, and has power.
  public mutating func connect(now: UInt64) {
    advance(to: now)
    absenceEnd = nil
    isPoweringOff = false
    link.connect()
    controller.powerIsOn = true
    settle(now: now)
  }

  /// The VM is gone, and what it left of a frame with it. The controller keeps what it knows.
  ///
  /// The host has no power, and its SEL says so after ``absence``; at once where the VM was told to
  /// power off.
  public mutating func disconnect(now: UInt64) {
    link.disconnect()
    controller.advance(to: now)
    if isPoweringOff {
      controller.powerIsOn = false
    } else {
      controller.losePowerQuietly()
      absenceEnd = now &+ Self.absence
    }
    updateInterrupts()
    settle(now: now)
  }

  /// Takes bytes from the VM, as many as can be answered.
  ///
  /// - Returns: How many were taken: at least one, where ``hasOutput`` is false; all, unless the
  ///   answers fill the output. Offer the rest again when that has been moved.
  public mutating func receive(_ bytes: Span<UInt8>, now: UInt64) -> Int {
    advance(to: now)
    var offset = 0
    while link.hasRoomForCommand, let event = link.feed(bytes, from: &offset) {
      switch event {
      case .message(let id, let request):
        answer(request, id: id, now: now)
      case .rejected(.tooLong(let id, let response)):
        statistics.requests &+= 1
        _ = link.respond(response, to: id)
      case .rejected:
        statistics.rejectedFrames &+= 1
      case .control(.reset, _):
        statistics.hostResets &+= 1
        controller.hostWasReset()
        updateInterrupts()
        settle(now: now)
      case .control(.capabilities, _):
        statistics.announcements &+= 1
        // Interrupts are announced as soon as the VM says that it has some.
        settle(now: now)
      case .control:
        break
      }
    }
    return offset
  }

  /// Lets time pass: the watchdog may have something for the VM.
  public mutating func advance(to now: UInt64) {
    controller.advance(to: now)
    if let absenceEnd, absenceEnd <= now {
      self.absenceEnd = nil
      controller.powerIsOn = false
    }
    settle(now: now)
  }

  // MARK: Bytes for the VM

  /// Whether bytes wait for the VM.
  public var hasOutput: Bool { link.hasOutput }

  /// Moves the oldest bytes for the VM to the end of `span`, as many as fit.
  public mutating func moveOutput(to span: inout OutputRawSpan) {
    link.moveOutput(to: &span)
  }

  // MARK: Inside

  /// Commands that a request causes go before its response, as `ipmi_sim` sends them: after a power
  /// off nobody would read them.
  private mutating func answer(_ request: Message, id: UInt8, now: UInt64) {
    statistics.requests &+= 1
    var response = controller.respond(to: request, now: now)
    if !carryOutActions(now: now), response.completionCode == .success {
      response = Message(respondingTo: request, .notSupportedInPresentState)
    }
    if request.command == .setBMCGlobalEnables { updateInterrupts() }
    announce()
    _ = link.respond(response, to: id)
  }

  /// Does what is left to do when something other than a request has happened.
  private mutating func settle(now: UInt64) {
    carryOutActions(now: now)
    announce()
  }

  /// Does what the controller asks of its board; `false` where the VM cannot do some of it.
  @discardableResult
  private mutating func carryOutActions(now: UInt64) -> Bool {
    var isDone = true
    while link.hasRoomForCommand, let action = controller.takeAction() {
      lastAction = action
      if let control = action.control {
        let isSent = link.send(control)
        isPoweringOff = isPoweringOff || isSent && control == .powerOff
        statistics.hostControls &+= isSent ? 1 : 0
        statistics.refusedHostControls &+= isSent ? 0 : 1
        isDone = isDone && isSent
      } else if action == .coldReset {
        controller = coldReset(controller, now)
        updateInterrupts()
      }
    }
    return isDone
  }

  private mutating func announce() {
    let status = controller.status()
    controllerDeadline = status.deadline
    link.announce(attention: status.attention, interrupts: interrupts)
  }

  /// Asks the controller, which knows what it has refused and when it has forgotten.
  private mutating func updateInterrupts() {
    let enables = controller.respond(to: Message(.getBMCGlobalEnables), now: 0)
    // Bits 0 and 1: receive message queue, event message buffer full. IPMI v2.0, section 22.1.
    interrupts = enables.data(0).map { $0 & 0b11 != 0 } ?? false
  }
}

extension BoardAction {
  /// The command that asks a VM for it; `nil` for what is the BMC's own, and for power on, which
  /// only whoever starts the VM can do.
  ///
  /// The protocol has no power cycle, and nobody who would end one: a reset comes closest.
  var control: VMControl? {
    switch self {
    case .powerDown: .powerOff
    case .powerCycle, .hardReset: .reset
    case .diagnosticInterrupt: .nmi
    case .gracefulShutdown: .gracefulShutdown
    case .powerUp, .coldReset, .warmReset, .identify: nil
    }
  }
}
