import IPMI
import Testing

@testable import SystemInterfaces

/// A host that leaves ODR full for a while, as every real one does.
@Suite struct KCSLateHostTests {
  private static let delay: UInt64 = 150_000

  /// Runs the transaction that is open, letting time pass where neither side can go on.
  ///
  /// - Returns: Its end, and how long ODR was full at each time that it was.
  private func run(_ pair: inout KCSPair) -> (event: HostEvent, waits: [UInt64]) {
    var waits: [UInt64] = []
    while true {
      let event = pair.run()
      guard case .waiting(let end) = event, pair.channel.str.contains(.outputBufferFull) else {
        return (event, waits)
      }
      waits.append(end - pair.now)
      // Not a nanosecond earlier.
      pair.now = end - 1
      #expect(pair.runHost() == .waiting(until: end))
      pair.now = end
    }
  }

  @Test func everyByteInODRWaitsForTheDelay() {
    for count in 2...40 {
      var pair = KCSPair()
      pair.host.outputDelay = Self.delay
      pair.host.start(.pattern(count))
      let (event, waits) = run(&pair)
      #expect(event == .complete)
      #expect(pair.host.response?.count == count + 1)
      // A dummy byte for WRITE_START, for WRITE_END and for each byte but the last; the response,
      // and a dummy byte for IDLE.
      #expect(waits == Array(repeating: Self.delay, count: 2 + count - 1 + count + 1 + 1))
    }
  }

  @Test func aHostWithoutDelayNeverWaitsForTime() {
    var pair = KCSPair()
    pair.host.start(.pattern(20))
    let (event, waits) = run(&pair)
    #expect(event == .complete)
    #expect(waits == [])
  }

  @Test func aLateHostMayGiveUpAtAnyByte() {
    for bytes in 0..<14 {
      var pair = KCSPair()
      pair.host.outputDelay = Self.delay
      pair.host.start(.pattern(5))
      for _ in 0..<bytes {
        guard case .waiting(let end) = pair.run() else { break }
        pair.now = end
      }
      pair.host.abort()
      #expect(run(&pair).event == .failed, "after \(bytes) bytes")
      pair.host.start(.pattern(7))
      #expect(run(&pair).event == .complete, "after \(bytes) bytes")
      #expect(pair.host.response?.count == 8)
    }
  }

  @Test func aByteThatIsTakenBackIsNotReadEarlyTheNextTime() {
    var pair = KCSPair()
    pair.host.outputDelay = Self.delay
    pair.host.start(.pattern(5))
    guard case .waiting(let end) = pair.run() else { return }
    pair.now = end
    // 61h's dummy byte has been read, and that of the first byte of the request has come.
    guard case .waiting(let next) = pair.run() else { return }
    #expect(next == end + Self.delay)
    pair.channel.bmcClearOutputBufferFull()
    pair.now = next + 1
    guard case .waiting(let after) = pair.run() else { return }
    #expect(after == pair.now + Self.delay)
  }
}
