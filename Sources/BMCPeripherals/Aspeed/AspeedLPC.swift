import IPMI
import SystemInterfaces

/// The LPC block of an AST2400, AST2500 or AST2600: KCS1–4, iBT and POST codes.
///
/// | Offset      | Registers                                                                  |
/// |------------:|----------------------------------------------------------------------------|
/// |     00h–10h | HICR0–HICR4: LPCnE, IBFIE1–3, LADR12AS, KCSENBL                            |
/// |     14h–20h | LADR3, LADR12: host addresses of channel 3, and of 1 or 2 by LADR12AS      |
/// |     24h–44h | IDR1–3, ODR1–3, STR1–3                                                     |
/// |         70h | SIRQCR0: IRQ12E1, IRQ1E1                                                   |
/// |     80h–84h | HICR5: ID3IRQX … IRQXE2, snoop enables; HICR6: snoop status                |
/// |     90h–94h | SNPWADR, SNPWDR: snooped ports and what was written there last             |
/// |   100h–104h | HICRB: LPC4E, IBFIE4, EN16LADR1–2; HICRC: channel 4's SERIRQ               |
/// |   110h–120h | LADR4, IDR4, ODR4, STR4, LSADR12                                           |
/// |   140h–158h | iBT: CR0–CR3, BT_CTRL, its data, BT_INTMASK                                |
/// | up to 25Fh  | everything else: kept, not interpreted                                     |
///
/// Registers stand on every fourth byte and take naturally aligned accesses of 1, 2 and 4 bytes,
/// as QEMU's model does. An access reaches its own bytes of the register; what reading IDR or
/// writing ODR and STR causes goes with the lowest byte. Other accesses read 0, change nothing and
/// are counted.
///
/// Map and use from Linux `kcs_bmc_aspeed`, `bt-bmc` and `aspeed-lpc-snoop`, ASPEED's `regs-lpc.h`,
/// and the AST2050 data sheet, chapter 30, whose access classes and reset values are taken for the
/// later parts, too. Left out: the legacy BT at 48h–68h, the LPC host controller, POST code capture by
/// DMA, and whatever the pins and a reset of the host's bus change.
///
/// There is no reset: neither a reset of the BMC nor one of the host clears what is here. Only
/// power-on, a new value, does.
public struct AspeedLPC: Sendable {
  /// Physical address of the first register.
  public static let base: UInt64 = 0x1E78_9000
  /// Decoded bytes.
  public static let size = 0x1000
  /// How many KCS channels there are; they are numbered from 1, as in device trees.
  public static let channelCount = 4
  /// Bytes that hold registers.
  static let registerSize = 0x260

  /// What can interrupt the BMC.
  public struct Interrupts: OptionSet, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// IBF of KCS channel 1, where IBFIE1 and the channel are enabled.
    public static let kcs1 = Interrupts(rawValue: 1 << 0)
    /// As ``kcs1``, of channel 2.
    public static let kcs2 = Interrupts(rawValue: 1 << 1)
    /// As ``kcs1``, of channel 3.
    public static let kcs3 = Interrupts(rawValue: 1 << 2)
    /// As ``kcs1``, of channel 4.
    public static let kcs4 = Interrupts(rawValue: 1 << 3)
    /// CR2 of the iBT, where CR1 enables it.
    public static let ibt = Interrupts(rawValue: 1 << 4)
    /// A snooped write in HICR6, where HICR5 enables it.
    public static let snoop = Interrupts(rawValue: 1 << 5)
    /// Every source.
    public static let all = Interrupts(rawValue: 0b11_1111)
  }

  /// Which part's block it is.
  public let generation: AspeedGeneration
  private var channels: [4 of KCSChannel] = .init(repeating: KCSChannel())
  /// The iBT, for accesses of the host; its enables are CR0's.
  public var ibt = BTChannel()
  /// LADR12 of channel 1 and of channel 2.
  private var ladr12: [2 of UInt16] = [0x0060, 0x0062]
  /// Every register that is not in the properties above.
  private var words: [152 of UInt32] = .init(repeating: 0)
  /// SNPWDR has been written by the host and not been read since.
  var hasUnreadPostCode = false
  /// Accesses that met no register or had the wrong width; wraps around.
  public private(set) var refusedAccesses: UInt32 = 0

  /// The block of a `generation` after power-on.
  public init(_ generation: AspeedGeneration) {
    self.generation = generation
  }

  /// The sources that interrupt the BMC now; ``AspeedGeneration/line(_:)`` says by which line.
  // In line, with all it uses: called, it gets a copy of all registers where they are part of a
  // class.
  @inline(__always)
  public var interrupts: Interrupts {
    var sources: Interrupts = []
    if channels[0].bmcInterrupt { sources.insert(.kcs1) }
    if channels[1].bmcInterrupt { sources.insert(.kcs2) }
    if channels[2].bmcInterrupt { sources.insert(.kcs3) }
    if channels[3].bmcInterrupt { sources.insert(.kcs4) }
    if ibtInterrupt { sources.insert(.ibt) }
    if snoopInterrupt { sources.insert(.snoop) }
    return sources
  }

  /// KCS channel `number`, `1...4`: for accesses of the host.
  ///
  /// The enables are the block's registers' and stay what they are. OBF falling ends the channel's
  /// SERIRQ and clears IRQXEn: Linux only ever sets it, so the hardware must.
  public subscript(channel number: Int) -> KCSChannel {
    get { channels[number - 1] }
    set {
      let index = number - 1
      let old = channels[index]
      channels[index] = newValue
      if old.str.contains(.outputBufferFull), !newValue.str.contains(.outputBufferFull) {
        self[AspeedKCSFields(index).serialIRQ] = 0
      }
      channels[index].enables = enables(ofChannelAt: index)
    }
  }

  // MARK: Accesses of the BMC

  /// A load by the BMC.
  ///
  /// - Parameters:
  ///   - offset: Bytes from ``base``, below ``size``.
  ///   - width: Bytes of the access.
  public mutating func read(_ offset: Int, width: Int) -> UInt64 {
    guard let access = Access(offset, width: width) else {
      refusedAccesses &+= 1
      return 0
    }
    let word: UInt32
    switch AspeedLocation(access.register) {
    case .inputData(let index):
      // IBF falls with the byte that is read.
      word = UInt32(access.hasLowByte ? channels[index].bmcReadData() : channels[index].idr)
    case .outputData(let index): word = UInt32(channels[index].odr)
    case .status(let index): word = UInt32(channels[index].bmcReadStatus().rawValue)
    case .ladr12High: word = UInt32(ladr12[ladr12Bank] >> 8)
    case .ladr12Low: word = UInt32(ladr12[ladr12Bank] & 0xFF)
    case .ibt(let register): word = readIBT(register, takingByte: access.hasLowByte)
    case .storage:
      word = words[access.register / 4]
      if access.register == AspeedRegister.snpwdr { hasUnreadPostCode = false }
    }
    return UInt64((word & access.mask) >> access.shift)
  }

  /// A store by the BMC.
  ///
  /// - Parameters:
  ///   - value: What is stored.
  ///   - offset: Bytes from ``base``, below ``size``.
  ///   - width: Bytes of the access.
  public mutating func write(_ value: UInt64, to offset: Int, width: Int) {
    guard let access = Access(offset, width: width) else {
      refusedAccesses &+= 1
      return
    }
    let word = UInt32(truncatingIfNeeded: value) << access.shift
    let byte = UInt8(truncatingIfNeeded: word)
    switch AspeedLocation(access.register) {
    case .inputData: break
    case .outputData(let index):
      if access.hasLowByte { channels[index].bmcWriteData(byte) }
    case .status(let index):
      if access.hasLowByte { writeStatus(KCSStatus(rawValue: byte), ofChannelAt: index) }
    case .ladr12High:
      guard access.hasLowByte else { break }
      ladr12[ladr12Bank] = ladr12[ladr12Bank] & 0xFF | UInt16(byte) << 8
    case .ladr12Low:
      guard access.hasLowByte else { break }
      ladr12[ladr12Bank] = ladr12[ladr12Bank] & 0xFF00 | UInt16(byte)
    case .ibt(let register): writeIBT(word, to: register, changing: access.mask)
    case .storage:
      store(word, at: access.register, changing: access.mask)
    }
  }

  /// OBF is written 0 to clear on these parts: as if the host had read the byte.
  private mutating func writeStatus(_ status: KCSStatus, ofChannelAt index: Int) {
    var channel = channels[index]
    channel.bmcWriteStatus(status)
    if !status.contains(.outputBufferFull) { channel.bmcClearOutputBufferFull() }
    self[channel: index + 1] = channel
  }

  private mutating func store(_ word: UInt32, at register: Int, changing mask: UInt32) {
    let writable = AspeedRegister.writable(at: register, in: generation) & mask
    words[register / 4] = words[register / 4] & ~writable | word & writable
    if register == AspeedRegister.hicr6 {
      words[register / 4] &= ~(word & mask & AspeedRegister.writeOneToClear)
    }
    for index in channels.indices {
      channels[index].enables = enables(ofChannelAt: index)
    }
    ibt.enables = ibtEnables
  }

  // MARK: Registers

  /// The bits of a field, in place.
  subscript(field: AspeedField) -> UInt32 {
    @inline(__always) get { words[field.offset / 4] & field.mask }
    set { words[field.offset / 4] = words[field.offset / 4] & ~field.mask | newValue & field.mask }
  }

  /// A stored register, `offset` bytes from the block's first.
  subscript(register offset: Int) -> UInt32 {
    @inline(__always) get { words[offset / 4] }
    set { words[offset / 4] = newValue }
  }

  /// LADR12 of channel 1 or 2, by its index.
  func channelAddress(at index: Int) -> UInt16 { ladr12[index & 1] }

  private var ladr12Bank: Int { self[AspeedRegister.ladr12Select] == 0 ? 0 : 1 }

  /// What the block's registers enable for a channel.
  private func enables(ofChannelAt index: Int) -> KCSChannel.Enables {
    let fields = AspeedKCSFields(index)
    var enables: KCSChannel.Enables = []
    if self[fields.enable] != 0, self[fields.kcsEnable] != 0 {
      enables.insert(.hostDecode)
      if self[fields.inputBufferFullInterrupt] != 0 { enables.insert(.inputBufferFullInterrupt) }
    }
    if self[fields.serialIRQ] != 0 { enables.insert(.outputBufferFullInterrupt) }
    return enables
  }

  /// The bytes of one register that an access reaches.
  private struct Access {
    /// Offset of the register.
    var register: Int
    /// Bits from the register's lowest to the access's.
    var shift: UInt32
    /// The register's bits that are reached.
    var mask: UInt32

    var hasLowByte: Bool { shift == 0 }

    init?(_ offset: Int, width: Int) {
      guard offset >= 0, offset < registerSize, width == 1 || width == 2 || width == 4,
        offset & (width - 1) == 0
      else { return nil }
      register = offset & ~3
      shift = UInt32(truncatingIfNeeded: offset & 3) * 8
      mask = (UInt32.max >> (32 - UInt32(truncatingIfNeeded: width) * 8)) << shift
    }
  }
}

extension AspeedLPC: Restorable {
  /// The registers; ``generation`` is what the board is.
  public mutating func transfer(through stream: inout some StateStream) {
    for index in channels.indices { channels[index].transfer(through: &stream) }
    ibt.transfer(through: &stream)
    for index in ladr12.indices { stream.transfer(&ladr12[index]) }
    for index in words.indices { stream.transfer(&words[index]) }
    stream.transfer(&hasUnreadPostCode)
    stream.transfer(&refusedAccesses)
  }
}
