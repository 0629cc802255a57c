/// An interface of a BMC by which a host can be answered.
public enum Responder: CaseIterable, Sendable {
  case kcs1, kcs2, kcs3, kcs4, ibt

  /// What users call it.
  public var name: StaticString {
    switch self {
    case .kcs1: "kcs1"
    case .kcs2: "kcs2"
    case .kcs3: "kcs3"
    case .kcs4: "kcs4"
    case .ibt: "ibt"
    }
  }

  /// The responder called `name`, in UTF-8; `nil` where no SoC has one.
  public init?(named name: some Sequence<UInt8>) {
    for responder in Self.allCases where responder.name.isUTF8(name) {
      self = responder
      return
    }
    return nil
  }

  /// Number of the KCS channel, 1 to 4; 0 for the iBT.
  public var channel: Int {
    switch self {
    case .kcs1: 1
    case .kcs2: 2
    case .kcs3: 3
    case .kcs4: 4
    case .ibt: 0
    }
  }
}

extension StaticString {
  /// Whether `bytes` are this text.
  func isUTF8(_ bytes: some Sequence<UInt8>) -> Bool {
    withUTF8Buffer { unsafe $0.elementsEqual(bytes) }
  }
}
