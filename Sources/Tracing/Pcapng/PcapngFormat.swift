import IPMI

/// What a pcapng file is made of, of which this project writes a part and reads a little more.
///
/// From the IETF draft "PCAP Next Generation (pcapng) Capture File Format"; link type 260 and its
/// trace data block from Wireshark's dissector of PICMG HPM.2, checked with tshark 4.0.
enum Pcapng {
  /// The type of a block.
  enum Block {
    static let sectionHeader: UInt32 = 0x0A0D_0D0A
    static let interfaceDescription: UInt32 = 1
    static let simplePacket: UInt32 = 3
    static let enhancedPacket: UInt32 = 6
  }

  /// What a section begins with, in its own byte order.
  static let byteOrderMagic: UInt32 = 0x1A2B_3C4D

  /// The code of an option; the first two are of all blocks.
  enum Option {
    static let end: UInt16 = 0
    static let comment: UInt16 = 1
    static let sectionApplication: UInt16 = 4
    static let interfaceName: UInt16 = 2
    static let interfaceDescription: UInt16 = 3
    static let interfaceResolution: UInt16 = 9
    static let interfaceOffset: UInt16 = 14
    static let packetFlags: UInt16 = 2
  }

  /// `LINKTYPE_IPMI_HPM_2`.
  static let linkType: UInt16 = 260
}

/// The trace data block of PICMG HPM.2: what a packet of link type 260 begins with.
///
/// | Offset | Size | Field                                                           |
/// |-------:|-----:|-----------------------------------------------------------------|
/// |      0 |    1 | [5:4] ``Kind``; [3:0] IPMI channel, 15: system interface        |
/// |      1 |    4 | seconds                                                         |
/// |      5 |    2 | milliseconds, 0 to 999                                          |
/// |      7 |    1 | channel protocol, IPMI v2.0 table 6-2: 5 is KCS, 0 none         |
/// |      8 |    2 | of KCS bit 7: to the BMC                                        |
/// |     10 |    1 | bytes of data, at most FFh, of which dissectors take no notice  |
/// |     11 |    n | data                                                            |
///
/// All fields are little-endian, whatever the file's byte order.
enum HPM2 {
  static let headerLength = 11

  /// The packet type.
  enum Kind {
    static let message: UInt8 = 0
    static let text: UInt8 = 2
  }

  static let systemInterface: UInt8 = 15
  static let protocolKCS: UInt8 = 5
  static let toBMC: UInt8 = 1 << 7
}
