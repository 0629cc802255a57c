import IPMI

/// One thing that happened at a host interface: when, on which channel, and what.
///
/// A value without identity: whoever sees something happen makes one, and a ``TraceWriter`` turns it
/// into bytes.
public struct TraceEvent: Equatable, Sendable {
  /// When, in nanoseconds since the ``TraceHeader/origin``; no earlier than the event before.
  public var time: UInt64
  /// The number of the channel in the trace's list, from 0.
  public var channel: Int
  /// What.
  public var occurrence: Occurrence

  public init(time: UInt64, channel: Int = 0, _ occurrence: Occurrence) {
    self.time = time
    self.channel = channel
    self.occurrence = occurrence
  }

  /// What can happen.
  public enum Occurrence: Equatable, Sendable {
    /// The host has sent a request; its response carries the same `id`, where the interface has one:
    /// that of the VM protocol, BT's sequence number.
    case request(id: UInt8, Message)
    /// The BMC has sent a response.
    case response(id: UInt8, Message)
    /// A processor has read or written a register.
    case access(RegisterAccess)
    /// What the registers hold, after something has changed them. SMS_ATN is a bit of them.
    case registers(RegisterValues)
    /// The level of the interrupt line to a processor.
    case interrupt(to: TraceSide, isHigh: Bool)
    /// A command that hardware lines carry on a board: attention, power, reset, NMI, capabilities. Its
    /// code and argument are the VM protocol's.
    case control(from: TraceSide, code: UInt8, argument: UInt8?)
    /// A frame that its receiver has to drop.
    case damaged(from: TraceSide, TraceDamage)
    /// A side was reset.
    case reset(TraceSide)
    /// A side has connected.
    case connected(TraceSide)
    /// A side has gone.
    case disconnected(TraceSide)
    /// A fault was made to happen, on purpose: what, in words, and by which rule: from 1, and 0
    /// where chance alone chose it.
    case fault(FixedBytes<48>, rule: UInt8)
  }
}

/// One end of a host interface.
public enum TraceSide: UInt8, Sendable {
  /// The host's processor, or its software.
  case host
  /// The management controller.
  case bmc
}

/// Why a frame was dropped.
public enum TraceDamage: UInt8, Sendable {
  /// It ended within an escape.
  case danglingEscape
  /// It has too few bytes for a message.
  case tooShort
  /// Its checksum is wrong.
  case badChecksum
  /// It exceeds ``IPMI/Message/capacity``.
  case tooLong
}

/// One access of one processor to one register.
public struct RegisterAccess: Equatable, Sendable {
  public var side: TraceSide
  public var register: TracedRegister
  public var isWrite: Bool
  /// What was read or written.
  public var value: UInt8

  public init(_ side: TraceSide, _ register: TracedRegister, isWrite: Bool, _ value: UInt8) {
    self.side = side
    self.register = register
    self.isWrite = isWrite
    self.value = value
  }
}

/// A register, as its specification names it.
public enum TracedRegister: UInt8, Sendable {
  /// KCS, host to BMC: the host's data port writes it.
  case idr
  /// KCS, BMC to host.
  case odr
  /// KCS status.
  case str
  /// IDR by way of the host's command port, which sets C/D.
  case command
  /// BT_CTRL.
  case btControl
  /// The BT buffers: HOST2BMC is written by the host, BMC2HOST by the BMC.
  case btBuffer
  /// BT_INTMASK.
  case btInterruptMask

  /// What the host reaches at port number `index` of a channel: data and status of KCS; BT_CTRL,
  /// buffer and BT_INTMASK of BT.
  public init(hostPort index: Int, of kind: TraceChannel.Kind, isWrite: Bool) {
    self =
      switch (kind, index) {
      case (.bt, 0): .btControl
      case (.bt, 1): .btBuffer
      case (.bt, _): .btInterruptMask
      case (_, 0): isWrite ? .idr : .odr
      default: isWrite ? .command : .str
      }
  }
}

/// The registers of a channel at one moment.
public enum RegisterValues: Equatable, Sendable {
  /// KCS. IPMI v2.0, section 9.
  case kcs(idr: UInt8, odr: UInt8, str: UInt8)
  /// BT. IPMI v2.0, section 11.
  case bt(control: UInt8, interruptMask: UInt8)
}
