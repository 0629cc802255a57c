import IPMI

/// What a trace says of itself before its first event.
public struct TraceHeader: Equatable, Sendable {
  /// The time that events count from, in nanoseconds since 1 January 1970; 0 for virtual time.
  public var origin: UInt64
  /// How the trace came to be: the command line, the seed. UTF-8; what does not fit is left out.
  public var comment: FixedBytes<512>

  public init(origin: UInt64 = 0, comment: FixedBytes<512> = []) {
    self.origin = origin
    self.comment = comment
  }
}

/// A channel of a trace: one interface between a host and a BMC.
public struct TraceChannel: Equatable, Sendable {
  /// The most channels of a trace; events of further ones are left out.
  public static let limit = 16

  /// A short name in ASCII without spaces, such as "kcs3"; at most 32 bytes.
  public var name: FixedBytes<32>
  /// What it is, such as "AST2600 KCS3 at CA2h"; UTF-8.
  public var description: FixedBytes<96>
  public var kind: Kind

  /// What a channel has of registers.
  public enum Kind: UInt8, Sendable {
    /// IDR, ODR, STR.
    case kcs
    /// BT_CTRL, BT_INTMASK, two buffers.
    case bt
    /// None: an SMBus target.
    case ssif
    /// None: whole messages only.
    case messages
  }

  public init(_ name: FixedBytes<32>, _ kind: Kind, description: FixedBytes<96> = []) {
    self.name = name
    self.description = description
    self.kind = kind
  }
}
