/// What a bridge has done since it was made; every counter wraps around.
///
/// Nothing is lost unseen: `requests` is the sum of `responses`, `abandoned` and the requests that
/// are queued or open.
public struct BridgeStatistics: Hashable, Sendable {
  /// Requests that arrived, those too long to be understood included.
  public var requests: UInt32 = 0
  /// Requests answered, by the BMC or in its place.
  public var responses: UInt32 = 0
  /// Responses given in the BMC's place because it took too long: C3h.
  public var timeouts: UInt32 = 0
  /// Responses given in the BMC's place because it could not be reached: CEh.
  public var undeliverable: UInt32 = 0
  /// Requests nobody waits for any more: the host left, or asked anew.
  public var abandoned: UInt32 = 0
  /// Frames dropped because they were damaged.
  public var rejectedFrames: UInt32 = 0
}
