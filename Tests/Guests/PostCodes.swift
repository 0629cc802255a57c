import EmulatedPair
import Testing

extension EmulatedPair {
  /// Has the host write `codes` to port 80h, one after the other.
  /// - Returns: what Linux on the BMC has to read then: these, and before them what the host's firmware
  ///   wrote.
  func postCodes(afterWriting codes: String) throws -> [UInt8] {
    let written = try run(
      "for code in \(codes.map { "\($0)" }.joined(separator: " ")); do "
        + "printf $code | dd of=/dev/port bs=1 seek=128 2>/tmp/dd || exit; done")
    #expect(written.status == 0)
    // The driver keeps them until they are read.
    let read = try #require(bmcConsole).run(
      "timeout 20 dd if=/dev/aspeed-lpc-snoop0 bs=2048 count=1 2>/tmp/dd | od -An -v -tx1")
    return read.lines.flatMap {
      $0.split(separator: " ").compactMap { UInt8($0, radix: 16) }
    }
  }
}
