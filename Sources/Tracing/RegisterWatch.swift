/// Tells accesses by what they change, for whoever sees a channel before and after, not its accesses.
///
/// In KCS every change has one cause: IBF rises when the host writes IDR and falls when the BMC reads
/// it, OBF rises when the BMC writes ODR and falls when the host reads it, and only the BMC writes STR.
/// What changes nothing is not seen: a look at STR, or a byte written again before it was taken.
/// Of BT, only the registers are told.
public struct RegisterWatch: Sendable {
  private var seen: RegisterValues?
  private var interrupts: [2 of Bool?] = .init(repeating: nil)

  /// A watch that has not seen its channel.
  public init() {}

  /// Says what `side` has done since the channel was seen last.
  ///
  /// - Parameters:
  ///   - hostInterrupt: The level of the interrupt line to the host.
  ///   - bmcInterrupt: The level of the interrupt line to the BMC; `nil` where it is not known.
  public mutating func see(
    _ values: RegisterValues, hostInterrupt: Bool, bmcInterrupt: Bool?, after side: TraceSide,
    _ tell: (TraceEvent.Occurrence) -> Void
  ) {
    if values != seen {
      if case .kcs(let oldIDR, let oldODR, let oldSTR) = seen,
        case .kcs(let idr, let odr, let str) = values
      {
        let rises = ~oldSTR & str
        let falls = oldSTR & ~str
        switch side {
        case .host:
          if falls & Flag.outputBufferFull != 0 {
            tell(.access(RegisterAccess(.host, .odr, isWrite: false, odr)))
          }
          if rises & Flag.inputBufferFull != 0 || idr != oldIDR
            || (rises | falls) & Flag.command != 0
          {
            let port: TracedRegister = str & Flag.command != 0 ? .command : .idr
            tell(.access(RegisterAccess(.host, port, isWrite: true, idr)))
          }
        case .bmc:
          if falls & Flag.inputBufferFull != 0 {
            tell(.access(RegisterAccess(.bmc, .idr, isWrite: false, idr)))
          }
          if (rises | falls) & Flag.bmcWritable != 0 {
            tell(.access(RegisterAccess(.bmc, .str, isWrite: true, str & Flag.bmcWritable)))
          }
          if rises & Flag.outputBufferFull != 0 || odr != oldODR {
            tell(.access(RegisterAccess(.bmc, .odr, isWrite: true, odr)))
          }
        }
      }
      seen = values
      tell(.registers(values))
    }
    tellInterrupt(.host, hostInterrupt, tell)
    if let bmcInterrupt { tellInterrupt(.bmc, bmcInterrupt, tell) }
  }

  private mutating func tellInterrupt(
    _ side: TraceSide, _ isHigh: Bool, _ tell: (TraceEvent.Occurrence) -> Void
  ) {
    guard interrupts[Int(side.rawValue)] != isHigh else { return }
    interrupts[Int(side.rawValue)] = isHigh
    tell(.interrupt(to: side, isHigh: isHigh))
  }

  /// STR's bits.
  private enum Flag {
    static let outputBufferFull: UInt8 = 1 << 0
    static let inputBufferFull: UInt8 = 1 << 1
    static let command: UInt8 = 1 << 3
    static let bmcWritable: UInt8 = 0b1111_0100
  }
}
