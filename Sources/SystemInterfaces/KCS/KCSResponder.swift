import IPMI

/// The BMC's half of KCS: takes requests from the host and gives responses.
///
/// A state machine without I/O that is called for each interrupt and drives any
/// ``KCSBMCRegisters``: the emulated channel, or real registers in firmware. It behaves as Linux
/// `kcs_bmc_cdev_ipmi` does, byte for byte and in the same order of accesses, so that a host cannot
/// tell them apart: state and ODR are written before IDR is read while the host writes, and after
/// it while the host reads. Protocol from IPMI v2.0, section 9.
///
/// Left out: blocking, and who may open the device, which belong to a character device.
///
/// - Note: `capacity` is the longest request and response in bytes; Linux uses 1000. A request
///   needs at least two bytes, as there: WRITE_END without a data byte before it is refused.
public struct KCSResponder<let capacity: Int>: Sendable {
  /// Where in a transfer the channel is.
  enum Phase: Sendable {
    case idle
    case writeStart, writeData, writeEndCommand, writeDone
    case waitRead, read
    case abortError1, abortError2
    case error
  }

  private(set) var phase = Phase.idle
  private(set) var errorCode = KCSErrorCode.none
  private var request: FixedBytes<capacity> = []
  private var response: FixedBytes<capacity> = []
  private var responseIndex = 0
  private var requestIsReady = false

  /// A responder with no transfer open. Registers are left as they are.
  public init() {}

  // MARK: What the BMC does

  /// Whether a complete request waits to be taken.
  public var hasRequest: Bool { requestIsReady && phase == .writeDone }

  /// The complete request, once; `nil` where there is none, or the host has aborted it.
  ///
  /// Answer it with ``respond(_:on:)``.
  public mutating func takeRequest() -> FixedBytes<capacity>? {
    guard hasRequest else { return nil }
    requestIsReady = false
    phase = .waitRead
    return request
  }

  /// Starts the response to the request taken last.
  ///
  /// - Parameter bytes: NetFn/LUN, command, completion code and data: at least 3 bytes. Not a span:
  ///   optimised Embedded builds of Swift 6.3 lose the bytes behind one that generic code, compiled
  ///   for another module, takes from a stored buffer.
  /// - Returns: `false`, and no change, where they are fewer or the host no longer waits because
  ///   it aborted: a late answer must not reach the next request.
  @discardableResult
  public mutating func respond<Registers: KCSBMCRegisters>(
    _ bytes: FixedBytes<capacity>, on registers: inout Registers
  ) -> Bool {
    guard phase == .waitRead, bytes.count >= 3 else { return false }
    response = bytes
    responseIndex = 1
    phase = .read
    registers.bmcWriteData(response[0])
    return true
  }

  /// Sets or clears SMS_ATN. No host interrupt follows on any part known.
  public func setAttention<Registers: KCSBMCRegisters>(_ isSet: Bool, on registers: inout Registers)
  {
    var status = registers.bmcReadStatus()
    guard status.contains(.smsAttention) != isSet else { return }
    if isSet { status.insert(.smsAttention) } else { status.remove(.smsAttention) }
    registers.bmcWriteStatus(status)
  }

  /// Gives up the transfer: the host sees the ERROR state and recovers with GET_STATUS/ABORT.
  public mutating func forceAbort<Registers: KCSBMCRegisters>(on registers: inout Registers) {
    setState(.error, on: &registers)
    _ = registers.bmcReadData()
    registers.bmcWriteData(0)
    phase = .error
    dropRequest()
  }

  // MARK: What the host does

  /// Handles one interrupt: the byte in IDR, if IBF is set.
  ///
  /// - Returns: Whether there was one, so that a shared interrupt can be passed on.
  @discardableResult
  public mutating func service<Registers: KCSBMCRegisters>(_ registers: inout Registers) -> Bool {
    let status = registers.bmcReadStatus()
    guard status.contains(.inputBufferFull) else { return false }
    if status.contains(.commandData) {
      serviceCommand(&registers)
    } else {
      serviceData(&registers)
    }
    return true
  }

  private mutating func serviceCommand<Registers: KCSBMCRegisters>(_ registers: inout Registers) {
    setState(.write, on: &registers)
    registers.bmcWriteData(0)
    switch registers.bmcReadData() {
    case KCSControl.writeStart:
      phase = .writeStart
      errorCode = .none
      dropRequest()
    case KCSControl.writeEnd where phase == .writeData:
      phase = .writeEndCommand
    case KCSControl.writeEnd:
      forceAbort(on: &registers)
    case KCSControl.getStatusAbort:
      if errorCode == .none { errorCode = .abortedByCommand }
      phase = .abortError1
      dropRequest()
    default:
      forceAbort(on: &registers)
      errorCode = .illegalControlCode
    }
  }

  private mutating func serviceData<Registers: KCSBMCRegisters>(_ registers: inout Registers) {
    switch phase {
    case .writeStart, .writeData:
      phase = .writeData
      guard !request.isFull else { return abortOverlongRequest(on: &registers) }
      setState(.write, on: &registers)
      registers.bmcWriteData(0)
      request.append(registers.bmcReadData())
    case .writeEndCommand:
      guard !request.isFull else { return abortOverlongRequest(on: &registers) }
      setState(.read, on: &registers)
      request.append(registers.bmcReadData())
      phase = .writeDone
      requestIsReady = true
    case .read:
      serviceRead(&registers)
    case .abortError1:
      setState(.read, on: &registers)
      _ = registers.bmcReadData()
      registers.bmcWriteData(errorCode.rawValue)
      phase = .abortError2
    case .abortError2:
      setState(.idle, on: &registers)
      _ = registers.bmcReadData()
      registers.bmcWriteData(0)
      phase = .idle
    case .idle, .writeDone, .waitRead, .error:
      forceAbort(on: &registers)
    }
  }

  /// The host asks for the next byte of the response.
  private mutating func serviceRead<Registers: KCSBMCRegisters>(_ registers: inout Registers) {
    let isDone = responseIndex == response.count
    if isDone { setState(.idle, on: &registers) }
    guard registers.bmcReadData() == KCSControl.read else {
      // The phase stays: Linux serves a READ that follows as if nothing had happened.
      setState(.error, on: &registers)
      registers.bmcWriteData(0)
      return
    }
    if isDone {
      registers.bmcWriteData(0)
      phase = .idle
    } else {
      registers.bmcWriteData(response[responseIndex])
      responseIndex += 1
    }
  }

  private mutating func abortOverlongRequest<Registers: KCSBMCRegisters>(
    on registers: inout Registers
  ) {
    forceAbort(on: &registers)
    errorCode = .length
  }

  private mutating func dropRequest() {
    requestIsReady = false
    request.removeAll()
  }

  private func setState<Registers: KCSBMCRegisters>(
    _ state: KCSState, on registers: inout Registers
  ) {
    var status = registers.bmcReadStatus()
    guard status.state != state else { return }
    status.state = state
    registers.bmcWriteStatus(status)
  }
}
