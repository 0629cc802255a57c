import CBoard

/// A board with an AST2400, AST2500 or AST2600, which have most devices at the same addresses.
///
/// Addresses from Linux `aspeed-g4.dtsi`, `aspeed-g5.dtsi` and `aspeed-g6.dtsi`.
public protocol AspeedBoard: Board
where
  KCS == AspeedKCS3, BT == AspeedIBT, PostCodes == AspeedSnoop, Input == AspeedADC,
  HostLines == AspeedHostControl
{
  /// The interrupts of KCS channel 3, of the iBT and of the snoop.
  var kcsLine: InterruptLine { get }
  var btLine: InterruptLine { get }
  var snoopLine: InterruptLine { get }
  /// The converter's reference in millivolts.
  var analogReference: UInt32 { get }
}

/// The address of the LPC block.
private let lpc: UInt = 0x1E78_9000
/// The address of the first watchdog.
private let watchdog: UInt = 0x1E78_5000

extension AspeedBoard {
  /// UART5.
  public var console: Console { Console(base: 0x1E78_4000) }
  public var input: AspeedADC { AspeedADC(base: 0x1E6E_9000, reference: analogReference) }
  public var kcsChannels: ClosedRange<Int> { 3...3 }

  public func kcs(_ number: Int) -> AspeedKCS3 {
    AspeedKCS3(block: lpc, line: kcsLine)
  }

  public var bt: AspeedIBT? { AspeedIBT(block: lpc, line: btLine) }

  public var postCodes: AspeedSnoop { AspeedSnoop(block: lpc, line: snoopLine) }

  public var hostLines: AspeedHostControl { AspeedHostControl(base: 0x1E78_0000) }

  /// Has the first watchdog expire after 10 µs. Its control register: mode 01, full chip, in bits
  /// 6:5; clock of 1 MHz, bit 4; reset, bit 1; enable, bit 0. As Linux `aspeed_wdt` does.
  public func restart() {
    store32(watchdog + 0x0C, 0)
    store32(watchdog + 0x04, 10)
    store32(watchdog + 0x08, 0x4755)
    store32(watchdog + 0x0C, 1 << 5 | 1 << 4 | 1 << 1 | 1 << 0)
  }
}
