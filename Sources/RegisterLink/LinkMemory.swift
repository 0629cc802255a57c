/// The words of a link: memory that another processor reads and writes at the same time.
///
/// Every access is sequentially consistent. What is read may be anything: the other side is not
/// trusted.
public protocol LinkMemory {
  /// Reads the word with a number.
  func load(_ number: Int) -> UInt64
  /// Writes it.
  func store(_ value: UInt64, to number: Int)
  /// Writes `value` where the word is `expected`; otherwise `false`, and `expected` is what it is.
  func compareExchange(_ number: Int, expected: inout UInt64, _ value: UInt64) -> Bool
}

/// Where the words are. The bytes of the file, and what else there is to say to another emulator,
/// are in `ipmi_host_bridge_link.h`.
public enum LinkWord {
  /// How many times a BMC has joined.
  public static let bmcGeneration = 2
  /// How many times a host has joined.
  public static let hostGeneration = 3
  static let postCodesWritten = 4
  static let postCodesTaken = 5
  /// A KCS channel, by its number, `1...4`: a ``SystemInterfaces/KCSChannel``.
  public static func kcs(_ number: Int) -> Int { 6 + 2 * number }
  /// Its ``LinkDecode``.
  public static func kcsDecode(_ number: Int) -> Int { 7 + 2 * number }
  /// A ``SystemInterfaces/BTChannel`` without its buffers.
  public static let bt = 16
  /// Its ``LinkDecode``.
  public static let btDecode = 17
  static let hostToBMC = 24
  static let bmcToHost = 32
  static let postCodes = 40
  static let postCodeCount = 32
  /// How many words there are.
  public static let count = 72
}

/// How often a change is tried before the other side's is overwritten.
///
/// Each try that fails is a change of the other side's between two instructions of this one. A peer
/// that makes accesses cannot do that so often in a row; one that means harm must not hold the
/// emulator.
let attemptLimit = 10_000
