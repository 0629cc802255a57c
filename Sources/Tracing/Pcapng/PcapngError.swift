/// Where a pcapng file is damaged, and how.
public struct PcapngError: Error, Equatable, Sendable {
  /// The offset of the first byte that is wrong, or of the block that is cut.
  public var offset: Int
  public var problem: Problem

  /// What can be wrong with a file.
  public enum Problem: UInt8, CaseIterable, Sendable {
    case notPcapng
    case oldPcap
    case byteOrder
    case version
    case blockLength
    case cut
    case trailingLength
    case shortBlock
    case optionLength
    case packetLength
    case unknownInterface
    case tooManyInterfaces
  }

  init(_ problem: Problem, at offset: Int) {
    self.offset = offset
    self.problem = problem
  }
}

extension PcapngError.Problem {
  /// What was found, and what was expected.
  public var name: StaticString {
    switch self {
    case .notPcapng:
      "no pcapng file: a section header, 0A 0D 0D 0A, is expected"
    case .oldPcap:
      "an old pcap file: convert it with \"editcap -F pcapng\""
    case .byteOrder:
      "no byte order: 1A 2B 3C 4D is expected, in either order"
    case .version:
      "an unknown version of pcapng: 1 is expected"
    case .blockLength:
      "no length of a block: a multiple of 4, at least 12, is expected"
    case .cut:
      "the file ends within this block"
    case .trailingLength:
      "a block's second length is not its first"
    case .shortBlock:
      "the block is too short for its type"
    case .optionLength:
      "an option is longer than its block"
    case .packetLength:
      "a packet is longer than its block"
    case .unknownInterface:
      "a packet of an interface that is not described before it"
    case .tooManyInterfaces:
      "more than 64 interfaces"
    }
  }
}
