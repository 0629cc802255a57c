import IPMI

/// One thing that goes wrong on a link: what, to which messages, and when.
///
/// A value without a clock or a counter; a ``FaultEngine`` has those. ``description`` is the line that
/// ``init(_:)`` reads.
public struct FaultRule: Hashable, Sendable {
  public var action: FaultAction
  /// The messages that are counted, and that it happens to.
  public var direction: FaultDirection
  /// Of these, those of one command; `nil` for all.
  public var command: Command?
  public var trigger: FaultTrigger
  /// How long it lasts once it has begun, in nanoseconds; `nil` for a moment, or one message.
  public var duration: UInt64?

  public init(
    _ action: FaultAction, _ direction: FaultDirection, of command: Command? = nil,
    _ trigger: FaultTrigger, for duration: UInt64? = nil
  ) {
    self.action = action
    self.direction = direction
    self.command = command
    self.trigger = trigger
    self.duration = duration
  }

  /// Whether a message is one of those it is about.
  func concerns(_ message: Message, _ direction: FaultDirection) -> Bool {
    (self.direction == .any || self.direction == direction)
      && (command == nil || command == message.command)
  }
}

/// Which way a message goes.
public enum FaultDirection: Hashable, Sendable {
  /// From the host to the BMC.
  case request
  /// From the BMC to the host.
  case response
  /// Either; of a rule only.
  case any
}

/// What goes wrong.
public enum FaultAction: Hashable, Sendable {
  // What becomes of a message.

  /// It is lost.
  case drop
  /// It arrives so many nanoseconds later, and what follows it the same way no earlier.
  case delay(by: UInt64)
  /// It arrives twice.
  case duplicate
  /// It is damaged on its way: its receiver cannot take it for a message.
  case corrupt
  /// It ends early, whole otherwise: so many bytes from NetFn on are left, 3 at least of a response.
  case truncate(to: Int)
  /// It does not arrive; its sender gets this completion code and data, in the BMC's place.
  case answer(with: [UInt8])

  // What happens to the link, behind a message.

  /// The host is told that the BMC wants attention; a duration later, what the BMC has said of it last.
  case attention
  /// The connection ends, and for the duration nobody serves another one.
  case cut
  /// The host gives its transfer up.
  case abort
  /// The host starts again, where it has said that it can be told to.
  case resetHost
  /// The BMC starts again; for the duration, nothing reaches it and nothing comes from it.
  case resetBMC

  /// Whether it is about a message, and not about the link.
  public var isOfMessage: Bool {
    switch self {
    case .drop, .delay, .duplicate, .corrupt, .truncate, .answer: true
    case .attention, .cut, .abort, .resetHost, .resetBMC: false
    }
  }

  /// Answers that the BMC has no time: C0h. IPMI v2.0, table 5-2.
  public static let busy = FaultAction.answer(with: [CompletionCode.nodeBusy.rawValue])

  /// Where it can be made to happen.
  public var engines: [FaultEngineKind] {
    switch self {
    case .drop, .duplicate, .truncate, .answer, .attention, .cut: [.wire]
    case .abort: [.registers]
    case .delay, .corrupt, .resetHost, .resetBMC: [.wire, .registers]
    }
  }

  /// The messages that are meant where a rule does not say.
  var usualDirection: FaultDirection {
    switch self {
    case .drop, .delay, .duplicate, .corrupt: .any
    case .truncate: .response
    case .answer, .attention, .cut, .abort, .resetHost, .resetBMC: .request
    }
  }

  /// Whether it can last.
  var canLast: Bool {
    switch self {
    case .abort, .resetHost: false
    default: true
    }
  }
}

/// What a schedule can be applied to.
public enum FaultEngineKind: Hashable, Sendable {
  /// Whole messages of the VM protocol.
  case wire
  /// The registers between two processors in one process.
  case registers
}

/// When a rule's fault happens. Counts begin at 1 and are of the messages that the rule concerns, time
/// is in nanoseconds since the link was used first.
public enum FaultTrigger: Hashable, Sendable {
  /// To each message.
  case always
  /// To one.
  case at(UInt64)
  /// To so many.
  case first(UInt64)
  /// To every so many'th.
  case every(UInt64)
  /// To each message behind that one; to the link once, behind it.
  case after(UInt64)
  /// To each message from then on; to the link once, then.
  case afterTime(UInt64)
  /// To the next message each time that this has passed; to the link each time.
  case everyTime(UInt64)
  /// To so many of a million, as the seed decides.
  case probability(UInt64)

  /// Whether time alone makes it happen, where it is about the link.
  var isTimed: Bool {
    switch self {
    case .afterTime, .everyTime: true
    default: false
    }
  }
}
