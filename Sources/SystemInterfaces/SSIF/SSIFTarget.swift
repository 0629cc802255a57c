import IPMI

/// The BMC's half of SSIF: an SMBus target that takes requests and gives responses.
///
/// A state machine without I/O, called for every event on the bus: the emulated bus's, or those of
/// an I²C controller in firmware. It keeps the rules of Linux's `ssif_bmc`: requests and responses
/// of at most 254 bytes, no acknowledgement while a request is worked on, 500 ms for an answer, a
/// PEC for a host that sent one, and nothing but the next start after an error. Protocol from IPMI
/// v2.0, section 12.
///
/// Where it differs from `ssif_bmc`, nothing is lost by it:
/// * What is wrong is not acknowledged, at the byte that is wrong, as SMBus wants it; so a host
///   need not wait for a response that cannot come.
/// * A response stays until the next request, so a host that read it with an error can read it
///   again, from its start (03h) or one part (0Ah).
/// * A read of a response that is not there is not acknowledged, where Linux sends a length of 0.
/// * A part in the middle needs a start before it. One shorter than 32 bytes is the end, for
///   hosts that do not know 08h.
/// * An unknown command code, as bus scanners send it, changes nothing.
///
/// Left out: arbitration, clock stretching, and the address, which the bus compares.
public struct SSIFTarget: SMBusTarget, Sendable {
  /// The most bytes of a message, NetFn to the last data byte.
  public static let messageCapacity = 254
  /// 10h: the 7-bit address that IPMI v2.0, section 12.2, suggests; 20h with its direction bit.
  public static let defaultAddress: UInt8 = 0x10
  /// How long Linux's `ssif_bmc` gives the BMC for a response, in nanoseconds.
  public static let defaultResponseTimeout: UInt64 = 500_000_000

  /// What is switched on.
  public struct Enables: OptionSet, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt8

    public init(rawValue: UInt8) {
      self.rawValue = rawValue
    }

    /// The address is acknowledged.
    public static let address = Enables(rawValue: 1 << 0)
    /// SMBALERT# is driven, for responses and attention.
    public static let alert = Enables(rawValue: 1 << 1)
  }

  /// How far the message has come.
  enum Phase: UInt8, Sendable {
    /// No request, no response.
    case idle
    /// The start of a multi-part request has arrived.
    case assembling
    /// A request waits for the BMC.
    case requestReady
    /// The BMC works on it.
    case working
    /// There is a response.
    case responding
    /// Something was wrong, or took too long: nothing but a start is understood.
    case aborting

    /// Whether the address is not acknowledged.
    var isBusy: Bool { self == .requestReady || self == .working }
  }

  /// How far the transfer on the bus has come.
  private enum Transfer: UInt8, Sendable {
    case none, addressed, receiving, commanded, sending, refused
  }

  public let address: UInt8
  /// What is switched on.
  public var enables: Enables = []
  /// How long the BMC has for a response, in nanoseconds.
  public var responseTimeout = Self.defaultResponseTimeout
  /// Whether the BMC has something for system management software.
  public private(set) var attention = false

  private(set) var phase = Phase.idle
  private var transfer = Transfer.none
  private var request: FixedBytes<254> = []
  private var response: FixedBytes<254> = []
  /// When the BMC must have answered.
  private var deadline: UInt64 = 0
  private var alertsResponse = false
  private var alertsAttention = false

  /// The command code of the transfer.
  private var command: UInt8 = 0
  /// The byte count of the block that is received; the byte behind 0Ah. `nil` before it.
  private var argument: UInt8?
  private var block: SMBusBlock = []
  private var code = PacketErrorCode()
  /// Whether the last part, and so the host, came with a PEC.
  private var hasPEC = false
  /// How many parts of the response have been begun.
  private var nextPart = 0
  /// How many bytes of ``block``, with count and PEC, have been read.
  private var readIndex = 0

  /// A target that acknowledges nothing yet.
  public init(address: UInt8 = Self.defaultAddress) {
    self.address = address & 0x7F
  }

  // MARK: What the BMC does

  /// The complete request, once; `nil` where there is none, or its time is over.
  ///
  /// Answer it with ``respond(_:now:)``.
  public mutating func takeRequest(now: UInt64) -> FixedBytes<254>? {
    expire(now: now)
    guard phase == .requestReady else { return nil }
    phase = .working
    return request
  }

  /// Answers the request taken last.
  ///
  /// - Parameter bytes: NetFn/LUN, command, completion code and data: at least 3 bytes. Where they
  ///   are more than ``messageCapacity``, CAh is sent instead: the host has to ask for less.
  /// - Returns: `false`, and no change, where they are fewer or it took too long: a late answer must
  ///   not reach the next request.
  @discardableResult
  public mutating func respond<let size: Int>(_ bytes: FixedBytes<size>, now: UInt64) -> Bool {
    expire(now: now)
    guard phase == .working, bytes.count >= 3 else { return false }
    response.removeAll()
    if !response.append(contentsOf: bytes) {
      response.append(contentsOf: bytes, in: 0..<2)
      response.append(CompletionCode.cannotReturnRequestedBytes.rawValue)
    }
    phase = .responding
    nextPart = 0
    alertsResponse = true
    return true
  }

  /// Says whether there is something for system management software.
  public mutating func setAttention(_ isSet: Bool) {
    if isSet != attention { alertsAttention = isSet }
    attention = isSet
  }

  /// Whether a request is waiting or worked on, so that the host is kept off.
  public var isBusy: Bool { phase.isBusy }

  /// Whether there is a response that the host has not read to its last part.
  public var hasUnreadResponse: Bool { phase == .responding && !isAtEndOfResponse }

  private var isAtEndOfResponse: Bool { nextPart == partCount && readIndex > block.count }

  // MARK: What the host does

  /// SMBALERT#: a response or attention that the host has not taken note of.
  public var alert: Bool {
    enables.isSuperset(of: [.address, .alert]) && (alertsResponse || alertsAttention)
  }

  public mutating func alertResponse() -> UInt8? {
    guard alert else { return nil }
    alertsResponse = false
    alertsAttention = false
    return address << 1
  }

  public mutating func start(_ direction: SMBusDirection, now: UInt64) -> Bool {
    expire(now: now)
    if transfer == .receiving { phase = .aborting }
    let isRepeated = transfer == .commanded
    transfer = .refused
    guard enables.contains(.address), !phase.isBusy else { return false }
    switch direction {
    case .write:
      transfer = .addressed
      code = PacketErrorCode()
      code.append(address << 1)
    case .read:
      guard isRepeated, loadBlock() else { return false }
      transfer = .sending
    }
    return true
  }

  public mutating func write(_ byte: UInt8) -> Bool {
    switch transfer {
    case .addressed:
      return begin(byte)
    case .receiving:
      if receive(byte) { return true }
      transfer = .refused
      phase = .aborting
      return false
    case .commanded where command == SSIFCommand.readRetry && argument == nil:
      argument = byte
      code.append(byte)
      return true
    case .none, .commanded, .sending, .refused:
      transfer = .refused
      return false
    }
  }

  public mutating func read() -> UInt8 {
    guard transfer == .sending else { return 0xFF }
    // The count, 32 bytes and the PEC; then nothing changes.
    defer { readIndex = min(readIndex + 1, 34) }
    if readIndex == 0 { return UInt8(truncatingIfNeeded: block.count) }
    if let byte = block.byte(at: readIndex - 1) { return byte }
    return readIndex == block.count + 1 && hasPEC ? code.value : 0
  }

  public mutating func stop(now: UInt64) {
    expire(now: now)
    if transfer == .receiving { finishPart(now: now) }
    if transfer == .sending, isAtEndOfResponse {
      alertsResponse = false
    }
    transfer = .none
  }

  // MARK: Writes

  /// The command code.
  private mutating func begin(_ byte: UInt8) -> Bool {
    transfer = .refused
    switch byte {
    case SSIFCommand.write, SSIFCommand.writeStart:
      // Whatever there was, the host does not wait for it any more.
      phase = .idle
      request.removeAll()
      alertsResponse = false
      transfer = .receiving
    case SSIFCommand.writeMiddle, SSIFCommand.writeEnd:
      guard phase == .assembling else { return false }
      transfer = .receiving
    case SSIFCommand.read, SSIFCommand.readMiddle, SSIFCommand.readRetry:
      transfer = .commanded
    default:
      return false
    }
    command = byte
    argument = nil
    hasPEC = transfer == .receiving ? false : hasPEC
    block.removeAll()
    code.append(byte)
    return true
  }

  /// The byte count, a byte of the block, or the PEC; `false` where it is wrong.
  private mutating func receive(_ byte: UInt8) -> Bool {
    guard let count = argument else {
      guard byte <= 32, request.count + Int(byte) <= Self.messageCapacity else { return false }
      argument = byte
      code.append(byte)
      return true
    }
    if block.count < count {
      code.append(byte)
      return block.append(byte)
    }
    guard !hasPEC, byte == code.value else { return false }
    hasPEC = true
    return true
  }

  /// A part is over: the request may be whole.
  private mutating func finishPart(now: UInt64) {
    guard let count = argument, block.count == count else {
      phase = .aborting
      return
    }
    request.append(contentsOf: block)
    if command == SSIFCommand.writeStart || command == SSIFCommand.writeMiddle && count == 32 {
      phase = .assembling
    } else if request.count >= Message.minimumLength {
      phase = .requestReady
      deadline = now &+ responseTimeout
    } else {
      phase = .aborting
    }
  }

  /// The BMC took too long: its request is given up.
  private mutating func expire(now: UInt64) {
    if phase.isBusy, now >= deadline { phase = .aborting }
  }

  // MARK: Reads

  /// How many parts the response has.
  private var partCount: Int { response.count <= 32 ? 1 : 1 + response.count / 31 }

  /// Puts the part that the command asks for into ``block``; `false` where there is none.
  private mutating func loadBlock() -> Bool {
    guard phase == .responding, let part = requestedPart else { return false }
    block.removeAll()
    if partCount == 1 {
      block.append(contentsOf: response, in: 0..<response.count)
    } else if part == 0 {
      block.append(0x00)
      block.append(0x01)
      block.append(contentsOf: response, in: 0..<30)
    } else {
      let offset = 30 + (part - 1) * 31
      block.append(
        part == partCount - 1 ? SSIFCommand.lastPart : UInt8(truncatingIfNeeded: part - 1))
      block.append(contentsOf: response, in: offset..<min(offset + 31, response.count))
    }
    nextPart = part + 1
    readIndex = 0
    code.append(address << 1 | 1)
    code.append(UInt8(truncatingIfNeeded: block.count))
    for index in 0..<block.count { code.append(block[index]) }
    return true
  }

  /// The part, from 0, that the command asks for; `nil` where there is none.
  private var requestedPart: Int? {
    let part: Int
    switch command {
    case SSIFCommand.read:
      return 0
    case SSIFCommand.readMiddle:
      guard nextPart > 0 else { return nil }
      part = nextPart
    default:
      // The number that the part carries: 0 for the second one.
      guard let number = argument else { return nil }
      part = number == SSIFCommand.lastPart ? partCount - 1 : Int(number) + 1
    }
    return part > 0 && part < partCount ? part : nil
  }
}

extension SSIFTarget: SMBusController {}

extension SSIFTarget: Restorable {
  public mutating func transfer(through stream: inout some StateStream) {
    stream.transfer(&enables)
    stream.transfer(&responseTimeout)
    stream.transfer(&attention)
    stream.transfer(&phase)
    stream.transfer(&transfer)
    request.transfer(through: &stream)
    response.transfer(through: &stream)
    stream.transfer(deadline: &deadline)
    stream.transfer(&alertsResponse)
    stream.transfer(&alertsAttention)
    stream.transfer(&command)
    var hasArgument = argument != nil
    var byte = argument ?? 0
    stream.transfer(&hasArgument)
    stream.transfer(&byte)
    argument = hasArgument ? byte : nil
    block.transfer(through: &stream)
    code.transfer(through: &stream)
    stream.transfer(&hasPEC)
    stream.transfer(&nextPart, in: 0...9)
    stream.transfer(&readIndex, in: 0...34)
    if phase == .responding, response.count < 3 { stream.reject() }
    if transfer == .receiving, block.count > argument ?? 0 { stream.reject() }
  }
}
