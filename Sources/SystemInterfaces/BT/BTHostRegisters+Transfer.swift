import IPMI

/// What the host does with the registers in one go, in the order of Linux's `ipmi_bt_sm`.
extension BTHostRegisters {
  /// BT_CTRL; B_BUSY alone where nobody decodes it: FFh cannot be, for two bits read 0.
  mutating func readStatus() -> BTControl {
    let status = hostReadControl()
    return status.rawValue == 0xFF ? .bmcBusy : status
  }

  /// Lets the BMC write: H_BUSY toggles, so only where it was set in `status`.
  mutating func clearHostBusy(_ status: BTControl) {
    if status.contains(.hostBusy) { hostWriteControl(.hostBusy) }
  }

  /// Keeps the BMC from writing.
  mutating func setHostBusy(_ status: BTControl) {
    if !status.contains(.hostBusy) { hostWriteControl(.hostBusy) }
  }

  /// Writes a request: length, NetFn/LUN, sequence number, command and data.
  mutating func send(_ message: Message, sequence: UInt8) {
    hostWriteControl(.clearWritePointer)
    hostWriteData(UInt8(truncatingIfNeeded: message.count + 1))
    hostWriteData(message.bytes[0])
    hostWriteData(sequence)
    for index in 1..<message.count { hostWriteData(message.bytes[index]) }
    hostWriteControl(.hostToBMCAttention)
  }

  /// Reads a response; `nil` where it does not answer `request`, C6h where its length cannot be.
  mutating func receive(answering request: Message, sequence: UInt8) -> Message? {
    hostWriteControl(.clearReadPointer)
    let length = Int(hostReadData())
    guard (4..<BTBuffer.capacity).contains(length) else {
      return Message(respondingTo: request, .requestTruncated)
    }
    var bytes = FixedBytes<300>()
    bytes.append(hostReadData())
    let answered = hostReadData()
    for _ in 2..<length { bytes.append(hostReadData()) }
    guard let message = Message(bytes), answered == sequence, message.command == request.command
    else { return nil }
    return message
  }

  /// Takes away a response that nobody waits for, if there is one. Some BMCs need B2H_ATN cleared
  /// twice.
  mutating func drain() {
    let status = readStatus()
    guard status.contains(.bmcToHostAttention) else { return }
    setHostBusy(status)
    hostWriteControl(.bmcToHostAttention)
    _ = hostReadControl()
    hostWriteControl(.bmcToHostAttention)
    hostWriteControl(.clearReadPointer)
    let length = hostReadData()
    for _ in 0..<length { _ = hostReadData() }
    hostWriteControl(.hostBusy)
  }

  /// Brings the flags to where they are without a transaction, and asks the BMC for a reset.
  mutating func resetFlags(_ status: BTControl) {
    clearHostBusy(status)
    hostWriteControl(.clearWritePointer)
    hostWriteControl(.smsAttention)
    hostWriteInterruptMask(.bmcReset)
  }
}
