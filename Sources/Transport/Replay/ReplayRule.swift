import IPMI

/// Data of a command's responses that may differ.
public struct ReplayRule: Hashable, Sendable {
  public let command: Command
  /// The offsets behind the completion code; `nil` for all, and for a different length.
  public let bytes: ClosedRange<Int>?

  /// What a clock decides: times, time stamps of SEL and SDRs, and what is left of a watchdog's time.
  public static let clocks: [ReplayRule] = [
    ReplayRule(.getSELTime, nil), ReplayRule(.getSDRRepositoryTime, nil),
    ReplayRule(.getSELInfo, 5...12), ReplayRule(.getSDRRepositoryInfo, 5...12),
    ReplayRule(.getSELEntry, 5...8), ReplayRule(.getWatchdogTimer, 6...7),
    ReplayRule(.getPOHCounter, 1...4),
  ]

  init(_ command: Command, _ bytes: ClosedRange<Int>?) {
    self.command = command
    self.bytes = bytes
  }

  /// The rule in `text`: a command by its name, or as four hexadecimal digits of NetFn and command;
  /// behind a colon, where not all is meant, an offset, or the first and last one with a hyphen.
  public init(_ text: String) throws(LinkError) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let command = Self.command(String(parts[0])) else {
      throw LinkError(
        "\(parts[0]): no command of this name; one such as \"Get SEL Time\" is expected, or four "
          + "hexadecimal digits of NetFn and command, such as 0A48")
    }
    self.command = command
    guard parts.count == 2 else {
      bytes = nil
      return
    }
    let ends = parts[1].split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
    guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
      first <= last
    else {
      throw LinkError("\(text): bytes are expected behind the colon, such as 4 or 3-10")
    }
    bytes = Int(first)...Int(last)
  }

  private static func command(_ text: String) -> Command? {
    if text.count == 4, let number = UInt16(text, radix: 16) {
      return Command(
        NetFn(rawValue: UInt8(number >> 8)), UInt8(truncatingIfNeeded: number))
    }
    let wanted = text.lowercased()
    for netFn in stride(from: UInt8(0), to: 0x40, by: 2) {
      for code in UInt8.min...UInt8.max {
        let command = Command(NetFn(rawValue: netFn), code)
        if command.name?.description.lowercased() == wanted { return command }
      }
    }
    return nil
  }
}
