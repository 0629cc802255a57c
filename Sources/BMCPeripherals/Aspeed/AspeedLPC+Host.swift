import SystemInterfaces

/// The block as the host's I/O ports reach it.
///
/// | Channel | Data port    | Status port                                          |
/// |--------:|--------------|------------------------------------------------------|
/// |    1, 2 | LADR12       | LADR12 + 4; LSADRn of LSADR12 where EN16LADRn is set |
/// |       3 | LADR3, XX2h  | XX3h                                                 |
/// |       4 | LADR4[15:0]  | LADR4[31:16]                                         |
///
/// A channel is decoded while it is enabled: LPCnE, for channel 3 KCSENBL as well. The iBT has
/// three ports from CR0[31:16], while CR0[0] is set. Where two claim a port, the lower channel has
/// it, and the iBT comes last. Rules from Linux `kcs_bmc_aspeed`; the low four
/// bits of LADR3 are not compared, as in the H8S, which the block comes from.
extension AspeedLPC {
  /// One of a KCS channel's two ports.
  public enum KCSPort: Hashable, Sendable {
    /// Reads ODR, writes IDR with C/D clear.
    case data
    /// Reads STR, writes IDR with C/D set.
    case status
  }

  /// One of the iBT's three ports; raw values count from the first.
  public enum BTPort: UInt16, Sendable {
    /// BT_CTRL.
    case control
    /// The two buffers.
    case data
    /// BT_INTMASK.
    case interruptMask
  }

  /// What a port of the host belongs to.
  public enum HostTarget: Hashable, Sendable {
    /// A KCS channel, by its number.
    case kcs(channel: Int, KCSPort)
    /// The iBT.
    case ibt(BTPort)
  }

  /// The two ports of KCS channel `number`, `1...4`; `nil` while it is not enabled.
  public func hostPorts(ofChannel number: Int) -> (data: UInt16, status: UInt16)? {
    guard self[channel: number].enables.contains(.hostDecode) else { return nil }
    switch number {
    case 3:
      let high = self[register: AspeedRegister.ladr3High] << 8
      let base = UInt16(truncatingIfNeeded: high | self[register: AspeedRegister.ladr3Low] & 0xF0)
      return (base | 2, base | 3)
    case 4:
      let addresses = self[register: AspeedRegister.ladr4]
      return (UInt16(truncatingIfNeeded: addresses), UInt16(truncatingIfNeeded: addresses >> 16))
    default:
      let index = UInt32(truncatingIfNeeded: number - 1)
      let data = channelAddress(at: number - 1)
      let isSeparate = AspeedField(offset: AspeedRegister.hicrb, mask: 1 << (4 + index))
      guard self[isSeparate] != 0 else { return (data, data &+ 4) }
      let addresses = self[register: AspeedRegister.lsadr12] >> (index * 16)
      return (data, UInt16(truncatingIfNeeded: addresses))
    }
  }

  /// What is behind `port`, or `nil`: then the host reads FFh and its writes are lost.
  public func target(ofHostPort port: UInt16) -> HostTarget? {
    for number in 1...Self.channelCount {
      guard let ports = hostPorts(ofChannel: number) else { continue }
      if port == ports.data { return .kcs(channel: number, .data) }
      if port == ports.status { return .kcs(channel: number, .status) }
    }
    guard ibt.enables.contains(.hostDecode) else { return nil }
    return BTPort(rawValue: port &- ibtBase).map { .ibt($0) }
  }

  /// The host reads an I/O port; `nil` where nothing here answers.
  public mutating func hostRead(port: UInt16) -> UInt8? {
    switch target(ofHostPort: port) {
    case .kcs(let number, .data): self[channel: number].hostReadData()
    case .kcs(let number, .status): self[channel: number].hostReadStatus().rawValue
    case .ibt(.control): ibt.hostReadControl().rawValue
    case .ibt(.data): ibt.hostReadData()
    case .ibt(.interruptMask): ibt.hostReadInterruptMask().rawValue
    case nil: nil
    }
  }

  /// The host writes an I/O port; the snoop sees it, too.
  public mutating func hostWrite(_ value: UInt8, port: UInt16) {
    postCode(port: port, value: value)
    switch target(ofHostPort: port) {
    case .kcs(let number, .data): self[channel: number].hostWriteData(value)
    case .kcs(let number, .status): self[channel: number].hostWriteCommand(value)
    case .ibt(.control): ibt.hostWriteControl(BTControl(rawValue: value))
    case .ibt(.data): ibt.hostWriteData(value)
    case .ibt(.interruptMask): ibt.hostWriteInterruptMask(BTInterruptMask(rawValue: value))
    case nil: break
    }
  }
}

/// The POST-code snoop: two ports whose writes the BMC sees, whoever else decodes them.
///
/// | Channel | Port           | Enable   | Interrupt enable | Status, W1C | Byte         |
/// |--------:|----------------|----------|------------------|-------------|--------------|
/// |       0 | SNPWADR[15:0]  | HICR5[0] | HICR5[1]         | HICR6[0]    | SNPWDR[7:0]  |
/// |       1 | SNPWADR[31:16] | HICR5[2] | HICR5[3]         | HICR6[1]    | SNPWDR[15:8] |
///
/// From Linux `aspeed-lpc-snoop`. There is one byte of each, no queue: a write before the BMC has
/// read replaces it. ENSNPnD of HICRB, by which the BMC answers the cycle, is kept.
extension AspeedLPC: PostCodeRegisters {
  /// The BMC has taken a byte when it has cleared its status and read it; Linux does so in this
  /// order.
  public func hasRoomForPostCode(port: UInt16) -> Bool {
    (0..<UInt32(2)).allSatisfy { index in
      let isPending = hasUnreadPostCode || self[register: AspeedRegister.hicr6] >> index & 1 != 0
      return !isPending || !snoops(port, with: index)
    }
  }

  public mutating func postCode(port: UInt16, value: UInt8) {
    for index in 0..<UInt32(2) where snoops(port, with: index) {
      hasUnreadPostCode = true
      self[AspeedField(offset: AspeedRegister.snpwdr, mask: 0xFF << (index * 8))] =
        UInt32(value) << (index * 8)
      self[register: AspeedRegister.hicr6] |= 1 << index
    }
  }

  /// Whether channel `index` of the snoop watches `port`.
  private func snoops(_ port: UInt16, with index: UInt32) -> Bool {
    self[register: AspeedRegister.hicr5] >> (index * 2) & 1 != 0
      && UInt16(truncatingIfNeeded: self[register: AspeedRegister.snpwadr] >> (index * 16)) == port
  }

  /// A snooped write that the BMC has not cleared, where it wants to be told.
  @inline(__always)
  var snoopInterrupt: Bool {
    let enables = self[register: AspeedRegister.hicr5]
    return self[register: AspeedRegister.hicr6] & (enables >> 1 & 1 | enables >> 2 & 2) != 0
  }
}
