import IPMI

/// The BMC's half of BT: takes requests from the host and gives responses.
///
/// A state machine without I/O that is called for each interrupt and drives any
/// ``BTBMCRegisters``: the emulated channel, or real registers in firmware. On the registers it
/// behaves as Linux `bt-bmc` does, in the same order of accesses: H2B_ATN is cleared before the
/// request is read, B_BUSY is held meanwhile, and a response waits until neither H_BUSY nor B2H_ATN
/// is set. Length and sequence number are dealt with here; requests and responses are as in KCS.
/// Protocol from IPMI v2.0, section 11.
///
/// One request is worked on at a time: a host that sends another has given up the first.
///
/// - Note: `capacity` is the longest request and response in bytes; more than
///   ``BTChannel/messageCapacity`` is never used.
public struct BTResponder<let capacity: Int>: Sendable {
  /// How far the request has come.
  enum Phase: Sendable {
    case closed, idle, requestReady, working, responding
  }

  private(set) var phase = Phase.closed
  private var request: FixedBytes<capacity> = []
  private var response: FixedBytes<capacity> = []
  /// The request's sequence number, which the response must carry.
  private var sequence: UInt8 = 0

  /// A responder that is closed. Registers are left as they are.
  public init() {}

  // MARK: What the BMC does

  /// Lets the host send: clears B_BUSY, which is set out of reset.
  public mutating func open<Registers: BTBMCRegisters>(on registers: inout Registers) {
    phase = .idle
    setBusy(false, on: &registers)
  }

  /// Keeps the host from sending: sets B_BUSY. A request not answered yet is forgotten.
  public mutating func close<Registers: BTBMCRegisters>(on registers: inout Registers) {
    phase = .closed
    setBusy(true, on: &registers)
  }

  /// The request read last, once; `nil` where there is none: NetFn/LUN, command and data.
  ///
  /// Answer it with ``respond(_:on:)``.
  public mutating func takeRequest() -> FixedBytes<capacity>? {
    guard phase == .requestReady else { return nil }
    phase = .working
    return request
  }

  /// Answers the request taken last, now or, where the host is not ready, in ``service(_:)``.
  ///
  /// - Parameter bytes: NetFn/LUN, command, completion code and data: at least 3 bytes. Where they
  ///   do not fit the buffer, CAh is sent instead: the host has to ask for less.
  /// - Returns: `false`, and no change, where they are fewer or the host no longer waits because it
  ///   has sent another request: a late answer must not reach that one.
  @discardableResult
  public mutating func respond<Registers: BTBMCRegisters>(
    _ bytes: FixedBytes<capacity>, on registers: inout Registers
  ) -> Bool {
    guard phase == .working, bytes.count >= 3 else { return false }
    response = bytes
    if bytes.count > BTChannel.messageCapacity {
      setResponse(netFn: bytes[0], command: bytes[1], .cannotReturnRequestedBytes)
    }
    phase = .responding
    writeResponse(on: &registers)
    return true
  }

  /// Sets SMS_ATN. Only the host can clear it.
  public func setAttention<Registers: BTBMCRegisters>(on registers: inout Registers) {
    registers.bmcWriteControl(.smsAttention)
  }

  // MARK: What the host does

  /// Reads a request that has arrived, and writes a response that had to wait.
  ///
  /// Call it when H2B_ATN rises and when H_BUSY or B2H_ATN falls, in whichever order the host lets
  /// them fall, or from time to time.
  ///
  /// - Returns: Whether there was something to do, so that a shared interrupt can be passed on.
  @discardableResult
  public mutating func service<Registers: BTBMCRegisters>(_ registers: inout Registers) -> Bool {
    guard phase != .closed else { return false }
    let hasRequest = registers.bmcReadControl().contains(.hostToBMCAttention)
    if hasRequest { readRequest(on: &registers) }
    let hasResponded = phase == .responding && writeResponse(on: &registers)
    return hasRequest || hasResponded
  }

  private mutating func readRequest<Registers: BTBMCRegisters>(on registers: inout Registers) {
    setBusy(true, on: &registers)
    registers.bmcWriteControl(.hostToBMCAttention)
    registers.bmcWriteControl(.clearReadPointer)
    readFrame(on: &registers)
    setBusy(false, on: &registers)
  }

  /// Length, NetFn/LUN, sequence number, command, data. One that is too short to be a request is
  /// dropped; of one that cannot have arrived whole nothing but the header is used.
  private mutating func readFrame<Registers: BTBMCRegisters>(on registers: inout Registers) {
    phase = .idle
    let length = Int(registers.bmcReadData())
    guard length >= 3 else { return }
    let netFn = registers.bmcReadData()
    sequence = registers.bmcReadData()
    let command = registers.bmcReadData()
    guard length - 1 <= min(capacity, BTChannel.messageCapacity) else {
      setResponse(netFn: netFn | 1 << 2, command: command, .requestTruncated)
      phase = .responding
      return
    }
    request.removeAll()
    request.append(netFn)
    request.append(command)
    for _ in 3..<length { request.append(registers.bmcReadData()) }
    phase = .requestReady
  }

  private mutating func setResponse(netFn: UInt8, command: UInt8, _ code: CompletionCode) {
    response.removeAll()
    response.append(netFn)
    response.append(command)
    response.append(code.rawValue)
  }

  /// Writes the response where the host is ready for it; `false` where it is not.
  @discardableResult
  private mutating func writeResponse<Registers: BTBMCRegisters>(
    on registers: inout Registers
  ) -> Bool {
    guard registers.bmcReadControl().isDisjoint(with: [.hostBusy, .bmcToHostAttention]) else {
      return false
    }
    registers.bmcWriteControl(.clearWritePointer)
    registers.bmcWriteData(UInt8(truncatingIfNeeded: response.count + 1))
    for index in 0..<response.count {
      // The sequence number stands between NetFn/LUN and command.
      if index == 1 { registers.bmcWriteData(sequence) }
      registers.bmcWriteData(response[index])
    }
    registers.bmcWriteControl(.bmcToHostAttention)
    phase = .idle
    return true
  }

  /// B_BUSY toggles, so it is read first.
  private func setBusy<Registers: BTBMCRegisters>(_ isBusy: Bool, on registers: inout Registers) {
    guard registers.bmcReadControl().contains(.bmcBusy) != isBusy else { return }
    registers.bmcWriteControl(.bmcBusy)
  }
}
