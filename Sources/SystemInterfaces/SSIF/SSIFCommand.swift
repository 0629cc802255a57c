/// The SMBus command codes of SSIF. IPMI v2.0, section 12.
///
/// Every one is a block transfer of at most 32 bytes.
///
/// | Code | Transfer | Bytes of the block                                             |
/// |-----:|----------|----------------------------------------------------------------|
/// |  02h | write    | a whole request                                                |
/// |  06h | write    | the first 32 bytes of a longer one                             |
/// |  07h | write    | the next 32                                                    |
/// |  08h | write    | the last 1 to 32                                               |
/// |  03h | read     | a whole response; or 00h, 01h and the first 30 bytes of a longer one |
/// |  09h | read     | number from 0 and the next 31; or FFh and the last 1 to 31     |
/// |  0Ah | read     | as 09h, for the part whose number is written behind the code   |
public enum SSIFCommand {
  /// 02h: single-part write.
  public static let write: UInt8 = 0x02
  /// 03h: single-part read, or multi-part read start.
  public static let read: UInt8 = 0x03
  /// 06h: multi-part write start.
  public static let writeStart: UInt8 = 0x06
  /// 07h: multi-part write middle.
  public static let writeMiddle: UInt8 = 0x07
  /// 08h: multi-part write end.
  public static let writeEnd: UInt8 = 0x08
  /// 09h: multi-part read middle or end.
  public static let readMiddle: UInt8 = 0x09
  /// 0Ah: multi-part read retry.
  public static let readRetry: UInt8 = 0x0A

  /// FFh: the number of the last part of a response.
  public static let lastPart: UInt8 = 0xFF
}
