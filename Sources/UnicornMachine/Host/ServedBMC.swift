import BMCPeripherals
import IPMI
import IPMIHostBridge
import SystemInterfaces

/// A BMC whose host is elsewhere, and sends messages: QEMU's `ipmi-bmc-extern`, for one.
///
/// This project's host state machine has the KCS channel. Time is passed in: that of the host is real
/// time, so that a run is not repeatable.
public final class ServedBMC {
  private let bmc: ARMMachine
  private var bridge = ChannelBridge(KCSHost())
  private let channel: Int
  private var lines = ConsoleLines()

  /// Is told of every line that the firmware prints; `time` in nanoseconds.
  public var onLine: ((_ time: UInt64, _ text: String) -> Void)?

  /// How long the firmware runs until the host has a look, in nanoseconds.
  private static let quantum: UInt64 = 10_000

  public init(_ board: BMCBoard, _ firmware: ELFImage, deviceTree: [UInt8]? = nil) throws {
    bmc = try ARMMachine(board, firmware, deviceTree: deviceTree)
    channel = board.hostChannel
    bmc.switchOnHost(ofChannel: channel)
  }

  /// Nanoseconds since power-on.
  public var now: UInt64 { bmc.now }

  /// When there is something to do next, in nanoseconds: ``now``, if there is at once.
  public var wakeTime: UInt64 {
    guard bmc.isIdle else { return now }
    return min(bmc.deadline ?? .max, bridge.bridge.deadline ?? .max)
  }

  /// The host has connected.
  public func connected() {
    bridge.bridge.connected()
    bridge.touch()
    advance()
  }

  /// The host is gone.
  public func disconnected() {
    bridge.bridge.disconnected()
    bridge.touch()
    advance()
  }

  /// Takes bytes from the host; how many: the rest is to be offered again later.
  public func receive(_ bytes: [UInt8]) -> Int {
    let count = bridge.bridge.receive(bytes.span, now: now)
    bridge.touch()
    advance()
    return count
  }

  /// The oldest bytes for the host, as many as fit one write.
  public var output: [UInt8] {
    guard bridge.bridge.hasOutput else { return [] }
    var chunk = FixedBytes<300>()
    bridge.bridge.copyOutput(into: &chunk)
    return (0..<chunk.count).map { chunk[$0] }
  }

  /// Removes the oldest bytes for the host: they were written.
  public func consumeOutput(_ count: Int) {
    bridge.bridge.consumeOutput(count)
    bridge.touch()
    advance()
  }

  /// Runs to `end`.
  public func run(until end: UInt64) throws {
    while now < end {
      let step = bmc.isIdle ? max(wakeTime, now + 1) : now + Self.quantum
      try bmc.run(until: min(step, end))
      advance()
      lines.add(bmc.takeOutput(), of: .bmc)
      while let (_, text) = lines.next() { onLine?(now, String(decoding: text, as: UTF8.self)) }
    }
  }

  private func advance() {
    let time = now
    let isDue = bridge.bridge.deadline.map { $0 <= time } ?? false
    bmc.withHost(ofChannel: channel) { bridge.advance(&$0, isDue: isDue, now: time) }
  }
}
