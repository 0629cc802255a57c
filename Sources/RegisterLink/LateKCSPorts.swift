import SystemInterfaces

/// The two ports of a KCS channel for a host that looks late: it does not see OBF, and gets no
/// interrupt, for a while after the BMC has filled ODR.
///
/// A board's host reads ODR when its driver runs next; an emulated one does so at once. A host that
/// has not looked has not seen either that the BMC has taken its byte: IBF stays for as long, unless
/// the host has seen it clear. Otherwise a driver would write its next byte over an ODR that it takes
/// for empty, which no board lets it. All else is as it is: the state shows, and a host that reads ODR
/// all the same has the byte. An interrupt that the BMC's firmware asserts, whatever OBF, is not OBF's.
public struct LateKCSPorts<Memory: LinkMemory>: LinkedHostPorts {
  private var link: LinkedKCSPorts<Memory>
  private let dataPort: UInt16
  /// Nanoseconds from when this end finds ODR full until the host does; 0 for a host that looks at
  /// once.
  public var delay: UInt64 = 0
  /// When this end has found ODR full; `nil` while it is empty.
  private var found: UInt64?

  /// Channel `number`, `1...4`.
  public init(_ memory: Memory, channel number: Int, dataPort: UInt16, statusPort: UInt16) {
    link = LinkedKCSPorts(memory, channel: number, dataPort: dataPort, statusPort: statusPort)
    self.dataPort = dataPort
  }

  /// Shows the host what it sees at `time`, in nanoseconds; before each access and when the doorbell
  /// has rung, unless ``delay`` is and was 0.
  ///
  /// - Returns: When to do so next; `nil` where that need not be.
  public mutating func advance(to time: UInt64) -> UInt64? {
    guard delay > 0 else {
      found = nil
      link.hidesOutput = false
      link.hidesInput = false
      return nil
    }
    // A byte that comes between this and the access is hidden, too.
    link.hidesOutput = true
    guard link.isOutputFull else {
      found = nil
      return nil
    }
    let start = found ?? time
    found = start
    let remaining = delay.subtractingReportingOverflow(time &- start)
    guard remaining.partialValue > 0, !remaining.overflow else {
      link.hidesOutput = false
      return nil
    }
    return time &+ remaining.partialValue
  }

  public var ports: [4 of UInt16?] { link.ports }

  public mutating func read(_ port: UInt16) -> PortAccess<UInt8, KCSChannel> {
    let access = link.read(port)
    guard delay > 0 else { return access }
    if port == dataPort {
      // What fills it now is another byte.
      found = nil
    } else if !KCSStatus(rawValue: access.result).contains(.inputBufferFull) {
      link.hidesInput = false
    }
    return access
  }

  public mutating func write(_ value: UInt8, to port: UInt16) -> PortAccess<Void, KCSChannel> {
    link.hidesInput = delay > 0
    return link.write(value, to: port)
  }

  public var channel: KCSChannel { link.channel }

  public var interrupt: Bool { link.interrupt }

  public var interrupts: UInt16 { link.interrupts }
}
