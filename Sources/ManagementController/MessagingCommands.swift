import IPMI

extension ManagementController {
  /// Message flags, section 22.4: bit 0 receive queue, 1 event buffer, 3 watchdog pre-timeout.
  // In line, or it is passed a copy of the whole controller.
  @inline(__always)
  var messageFlags: UInt8 {
    (receiveQueue.isEmpty ? 0 : 1 << 0) | (eventBuffer.isFull ? 1 << 1 : 0)
      | (messaging.preTimeoutOccurred ? 1 << 3 : 0)
  }

  /// The host has lost its power, and with it the software that has enabled messages and asked for
  /// some. What comes up next would take them for its own.
  mutating func forgetSystemSoftware() {
    messaging = Messaging()
    sdr.isUpdating = false
    eventBuffer = EventMessageBuffer()
    receiveQueue.removeAll()
  }

  /// Set BMC Global Enables, section 22.1; CCh for an enable that is not supported.
  mutating func setGlobalEnables(_ request: Message) -> CompletionCode {
    let enables = GlobalEnables(rawValue: request.byte(0))
    guard enables.isSubset(of: .supported) else { return .invalidDataField }
    messaging.globalEnables = enables
    return .success
  }

  /// Clear Message Flags, section 22.3.
  mutating func clearMessageFlags(_ request: Message) -> CompletionCode {
    let flags = request.byte(0)
    if flags & 1 << 0 != 0 { receiveQueue.removeAll() }
    if flags & 1 << 1 != 0 { _ = eventBuffer.take() }
    if flags & 1 << 3 != 0 { messaging.preTimeoutOccurred = false }
    return .success
  }

  /// Enable Message Channel Receive, section 22.5: 0 disables, 1 enables, 2 asks.
  mutating func enableMessageChannelReceive(
    _ request: Message, into response: inout Message
  ) -> CompletionCode {
    guard request.byte(0) & 0x0F == 0 else { return .invalidDataField }
    switch request.byte(1) & 0x03 {
    case 0: messaging.receivesFromPrimaryIPMB = false
    case 1: messaging.receivesFromPrimaryIPMB = true
    case 2: break
    default: return .invalidDataField
    }
    response.append(0)
    response.append(messaging.receivesFromPrimaryIPMB ? 1 : 0)
    return .success
  }

  /// Get Message, section 22.6; 80h when none waits.
  mutating func getMessage(into response: inout Message) -> CompletionCode {
    guard let message = receiveQueue.take() else { return .dataNotAvailable }
    response.append(0x00)
    response.append(contentsOf: message)
    return .success
  }

  /// Read Event Message Buffer, section 22.8; 80h when it is empty.
  mutating func readEventMessageBuffer(into response: inout Message) -> CompletionCode {
    guard let event = eventBuffer.take() else { return .dataNotAvailable }
    response.append(contentsOf: event.bytes)
    return .success
  }

  /// Send Message, section 22.7, to channel 0.
  ///
  /// The primary IPMB has one controller, this one at 20h; any other address is not acknowledged,
  /// 83h. The answer to a request whose requester LUN is SMS goes to the receive message queue.
  mutating func sendMessage(_ request: Message) -> CompletionCode {
    guard request.byte(0) & 0x0F == 0 else { return .invalidDataField }
    let count = request.dataCount
    // Address, NetFn, checksum, address, sequence, command, checksum behind the channel.
    guard count >= 8 else { return .requestLengthInvalid }
    guard request.sum(1..<4) == 0, request.sum(4..<count) == 0 else { return .invalidDataField }
    guard request.byte(1) == Self.address else { return .notAcknowledged }
    guard !receiveQueue.isFull else { return .nodeBusy }

    let command = Command(NetFn(rawValue: request.byte(2) >> 2), request.byte(6))
    var inner: FixedBytes<300> = FixedBytes()
    inner.append(request.byte(2))
    inner.append(request.byte(6))
    for index in 7..<count - 1 {
      inner.append(request.byte(index))
    }
    // An answer within an answer within…: the stack is not the requester's to choose.
    guard command != .sendMessage, let message = Message(inner), !message.netFn.isResponse else {
      return .invalidDataField
    }
    let answer = answer(message)
    let requesterLUN = request.byte(5) & 0x03
    guard requesterLUN == LUN.sms.rawValue, messaging.receivesFromPrimaryIPMB else {
      return .success
    }

    // NetFn and requester LUN, checksum, own address, sequence and own LUN, then the answer.
    var frame: FixedBytes<300> = FixedBytes()
    frame.append(answer.netFn.rawValue << 2 | requesterLUN)
    frame.append(0 &- request.byte(4) &- frame[0])
    frame.append(Self.address)
    frame.append(request.byte(5) & 0xFC | message.lun.rawValue)
    frame.append(contentsOf: answer.bytes, in: 1..<answer.count)
    var sum: UInt8 = 0
    for index in 2..<frame.count {
      sum &+= frame[index]
    }
    frame.append(0 &- sum)
    receiveQueue.append(frame)
    return .success
  }

  /// Get Channel Info, section 22.24: the primary IPMB and the system interface.
  mutating func getChannelInfo(_ request: Message, into response: inout Message) -> CompletionCode {
    let channel = request.byte(0) & 0x0F
    let isIPMB: Bool
    switch channel {
    case 0x0: isIPMB = true
    case 0xE, 0xF: isIPMB = false
    default: return .invalidDataField
    }
    response.append(isIPMB ? 0x00 : 0x0F)
    response.append(isIPMB ? 0x01 : 0x0C)  // medium: IPMB, system interface
    response.append(isIPMB ? 0x01 : 0x05)  // protocol: IPMB-1.0, KCS
    response.append(0x00)  // without sessions
    response.append(0xF2)  // vendor of the protocol: IPMI forum, 7154
    response.append(0x1B)
    response.append(0x00)
    let auxiliary: UInt8 = isIPMB ? 0x00 : 0xFF  // no interrupt that the BMC would know
    response.append(auxiliary)
    response.append(auxiliary)
    return .success
  }

  /// Set and Get Channel Access, sections 22.22 and 22.23: 82h, no channel here has sessions.
  mutating func channelAccess(_ request: Message) -> CompletionCode {
    switch request.byte(0) & 0x0F {
    case 0x0, 0xE, 0xF: .notSupportedForChannel
    default: .invalidDataField
    }
  }

  /// The controller's own address on the primary IPMB.
  private static let address: UInt8 = 0x20
}

extension CompletionCode {
  /// 80h of Get Message and Read Event Message Buffer: data not available, queue empty.
  static let dataNotAvailable = CompletionCode(rawValue: 0x80)
  /// 82h of Get Channel Access: not supported for the selected channel.
  static let notSupportedForChannel = CompletionCode(rawValue: 0x82)
  /// 83h of Send Message: NAK on write.
  static let notAcknowledged = CompletionCode(rawValue: 0x83)
}

extension Message {
  /// The sum of data bytes, zero over a range that ends with its checksum.
  fileprivate func sum(_ range: Range<Int>) -> UInt8 {
    var sum: UInt8 = 0
    for index in range {
      sum &+= byte(index)
    }
    return sum
  }
}
