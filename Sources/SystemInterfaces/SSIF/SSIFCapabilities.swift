import IPMI

/// What a BMC's SSIF can do: the data of Get System Interface Capabilities for interface type 0.
///
/// | Byte | Bits | Field                                                          |
/// |-----:|-----:|----------------------------------------------------------------|
/// |    0 |  7:0 | reserved                                                       |
/// |    1 |  7:6 | ``Transactions``                                               |
/// |      |    3 | PEC is supported                                               |
/// |      |  2:0 | version, 0                                                     |
/// |    2 |  7:0 | longest request, in bytes                                      |
/// |    3 |  7:0 | longest response, in bytes                                     |
///
/// IPMI v2.0, section 22.9.
public struct SSIFCapabilities: Hashable, Sendable {
  /// How many parts a message may have. Bits 7:6.
  public enum Transactions: UInt8, Sendable {
    /// 00b: one, so 32 bytes.
    case singlePart = 0
    /// 01b: a start and an end, so 63 bytes to write and 62 to read.
    case twoParts = 1
    /// 10b: a start, any number in the middle, and an end.
    case manyParts = 2
  }

  public var transactions = Transactions.singlePart
  public var supportsPEC = false
  /// The longest request, in bytes.
  public var requestCapacity: UInt8 = 32
  /// The longest response, in bytes.
  public var responseCapacity: UInt8 = 32

  /// What is assumed of a BMC that does not say.
  public init() {}

  /// What ``SSIFTarget`` can do.
  public static var target: SSIFCapabilities {
    var capabilities = SSIFCapabilities()
    capabilities.transactions = .manyParts
    capabilities.supportsPEC = true
    capabilities.requestCapacity = UInt8(SSIFTarget.messageCapacity)
    capabilities.responseCapacity = UInt8(SSIFTarget.messageCapacity)
    return capabilities
  }

  /// What the response to ``request`` says; `nil` for an error, or one that is cut or not sane.
  public init?(_ response: Message) {
    guard response.completionCode == .success, let flags = response.data(1),
      let transactions = Transactions(rawValue: flags >> 6), let input = response.data(2),
      let output = response.data(3)
    else { return nil }
    let (longest, longestBack): (UInt8, UInt8) =
      switch transactions {
      case .singlePart: (32, 32)
      case .twoParts: (63, 62)
      case .manyParts: (255, 255)
      }
    self.transactions = transactions
    supportsPEC = flags & 1 << 3 != 0
    requestCapacity = min(input, longest)
    responseCapacity = min(output, longestBack)
  }

  /// The question.
  public static var request: Message {
    var request = Message(.getSystemInterfaceCapabilities)
    request.append(0)
    return request
  }

  /// Adds the data of the response, behind the completion code.
  public func append(to response: inout Message) {
    response.append(0)
    response.append(transactions.rawValue << 6 | (supportsPEC ? 1 << 3 : 0))
    response.append(requestCapacity)
    response.append(responseCapacity)
  }
}
