import IPMI
import SystemInterfaces

/// The NPCM7xx host interface module: three KCS channels and POST codes behind one interrupt.
///
/// | Offset  | Registers                                                        |
/// |--------:|------------------------------------------------------------------|
/// | 00h–0Ah | keyboard and mouse part (HICTRL … HIKMDI): kept, not interpreted |
/// | 0Ch–1Ch | KCS1, see ``NPCM7xxKCS``                                         |
/// | 1Eh–2Eh | KCS2                                                             |
/// | 30h–40h | KCS3                                                             |
/// | 42h–54h | POST codes, see ``NPCM7xxPostCodeFIFO``                          |
///
/// Every register is 8 bits wide, stands at an even offset and takes only 8-bit accesses. Any
/// other access reads 0, changes nothing and is counted. Map from Nuvoton's boot block and Linux
/// `nuvoton-common-npcm7xx.dtsi`.
///
/// There is no reset: the boot block programs SHMKCS to 0 in every reset-control register, so the
/// registers survive a watchdog, core or software reset of the BMC. Only power-on, a new value,
/// clears them.
public struct NPCM7xxHostInterface: PostCodeRegisters, Sendable {
  /// Physical address of the first register.
  public static let base: UInt64 = 0xF000_7000
  /// Decoded bytes.
  public static let size = 0x1000
  /// GIC SPI, level high, shared by all channels and POST codes.
  public static let interrupt = 9
  /// How many KCS channels there are; they are numbered from 1, as in device trees.
  public static let channelCount = 3
  /// Offset of the first register of channel 1.
  public static let firstChannelOffset = 0x0C
  /// Bytes from one channel's first register to the next one's.
  public static let channelStride = 0x12

  private var channels: [3 of NPCM7xxKCS] = .init(repeating: NPCM7xxKCS())
  private var keyboardController: [6 of UInt8] = .init(repeating: 0)
  private var postCodes = NPCM7xxPostCodeFIFO()
  /// Accesses that met no register or had the wrong width; wraps around.
  public private(set) var refusedAccesses: UInt32 = 0

  /// The module after power-on.
  public init() {}

  /// Level of the one interrupt line: any channel's, or the POST codes'.
  // In line: called, it gets a copy of all registers where they are part of a class.
  @inline(__always)
  public var interrupt: Bool {
    channels[0].channel.bmcInterrupt || channels[1].channel.bmcInterrupt
      || channels[2].channel.bmcInterrupt || postCodes.interrupt
  }

  /// KCS channel `number`, `1...3`.
  // In place: a copy out and back at every access is a third of what an access takes.
  public subscript(channel number: Int) -> NPCM7xxKCS {
    @inline(__always) _read { yield channels[number - 1] }
    @inline(__always) _modify { yield &channels[number - 1] }
  }

  public func hasRoomForPostCode(port: UInt16) -> Bool { postCodes.hasRoomForPostCode(port: port) }

  public mutating func postCode(port: UInt16, value: UInt8) {
    postCodes.postCode(port: port, value: value)
  }

  /// A load by the BMC.
  ///
  /// - Parameters:
  ///   - offset: Bytes from ``base``, below ``size``.
  ///   - width: Bytes of the access.
  public mutating func read(_ offset: Int, width: Int) -> UInt64 {
    load(offset, width: width).value
  }

  /// A store by the BMC.
  ///
  /// - Parameters:
  ///   - value: What is stored; only the low byte exists.
  ///   - offset: Bytes from ``base``, below ``size``.
  ///   - width: Bytes of the access.
  public mutating func write(_ value: UInt64, to offset: Int, width: Int) {
    _ = store(value, to: offset, width: width)
  }

  /// As ``read(_:width:)``; what a channel is to its host is looked at on both sides of the access.
  @inline(__always)
  public mutating func load(_ offset: Int, width: Int) -> (value: UInt64, isQuiet: Bool) {
    switch Location(offset, width: width) {
    case .kcs(let index, let register):
      let before = channels[index].channel
      let value = UInt64(channels[index].read(register))
      return (value, channels[index].channel == before)
    case .keyboardController(let index):
      return (UInt64(keyboardController[index]), true)
    case .postCodes(let register):
      return (UInt64(postCodes.read(register)), false)
    case nil:
      refusedAccesses &+= 1
      return (0, true)
    }
  }

  /// As ``write(_:to:width:)`` and ``load(_:width:)``.
  @inline(__always)
  public mutating func store(_ value: UInt64, to offset: Int, width: Int) -> Bool {
    let byte = UInt8(truncatingIfNeeded: value)
    switch Location(offset, width: width) {
    case .kcs(let index, let register):
      let before = channels[index].channel
      channels[index].write(byte, to: register)
      return channels[index].channel == before
    case .keyboardController(let index):
      keyboardController[index] = byte
    case .postCodes(let register):
      postCodes.write(byte, to: register)
      return false
    case nil:
      refusedAccesses &+= 1
    }
    return true
  }

  /// What an access meets.
  private enum Location {
    case kcs(index: Int, NPCM7xxKCS.Register)
    case keyboardController(index: Int)
    case postCodes(NPCM7xxPostCodeFIFO.Register)

    @inline(__always)
    init?(_ offset: Int, width: Int) {
      guard width == 1, offset >= 0, offset & 1 == 0 else { return nil }
      if offset < firstChannelOffset {
        self = .keyboardController(index: offset / 2)
        return
      }
      let (index, within) = (offset - firstChannelOffset).quotientAndRemainder(
        dividingBy: channelStride)
      if index < channelCount, let register = NPCM7xxKCS.Register(rawValue: within / 2) {
        self = .kcs(index: index, register)
      } else if let register = NPCM7xxPostCodeFIFO.Register(rawValue: (offset - 0x42) / 2) {
        self = .postCodes(register)
      } else {
        return nil
      }
    }
  }
}

extension NPCM7xxHostInterface: Restorable {
  public mutating func transfer(through stream: inout some StateStream) {
    for index in channels.indices { channels[index].transfer(through: &stream) }
    for index in keyboardController.indices { stream.transfer(&keyboardController[index]) }
    postCodes.transfer(through: &stream)
    stream.transfer(&refusedAccesses)
  }
}
