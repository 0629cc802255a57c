import IPMI

/// A trace for waveform viewers: a value change dump, VCD, of IEEE 1364-2005, section 18.
///
/// A KCS channel has IDR, ODR and STR, STR's flags as lines of their own, its state in words; a BT
/// channel has BT_CTRL, its bits, and BT_INTMASK; both have the interrupt lines to either processor.
/// Messages are in no waveform. One unit of time is a nanosecond.
public struct WaveformWriter: TraceWriter {
  private var text: TraceBytes = []
  private var kinds: [16 of TraceChannel.Kind] = .init(repeating: .messages)
  private var count = 0
  private var time: UInt64 = 0
  /// What each channel's signals show, by their numbers; `nil` before the first event.
  private var shown: [16 of [16 of UInt8?]] = .init(repeating: .init(repeating: nil))

  public init() {}

  /// A signal of a channel; its number is part of its identifier in the file.
  private enum Signal {
    // Of KCS.
    static let idr = 0
    static let odr = 1
    static let str = 2
    static let state = 3
    // Of BT.
    static let control = 0
    static let mask = 1
    // Of both.
    static let firstFlag = 4
    static let hostInterrupt = 14
    static let bmcInterrupt = 15
  }

  public mutating func begin(
    _ header: TraceHeader, channels: Span<TraceChannel>, to sink: Sink
  ) {
    count = min(channels.count, TraceChannel.limit)
    text.append("$version ipmi-host-bridge $end\n")
    if !header.comment.isEmpty {
      text.append("$comment ")
      // Nothing in it may look like a keyword.
      for index in 0..<header.comment.count {
        let character = header.comment[index]
        text.append(character == UInt8(ascii: "$") || character < 0x20 ? 0x20 : character)
      }
      text.append(" $end\n")
    }
    text.append("$timescale 1 ns $end\n$scope module bmc $end\n")
    text.flush(to: sink)
    for index in 0..<count {
      kinds[index] = channels[index].kind
      text.append("$scope module ")
      text.append(contentsOf: channels[index].name)
      text.append(" $end\n")
      declareSignals(of: index)
      text.append("$upscope $end\n")
      text.flush(to: sink)
    }
    text.append("$upscope $end\n$enddefinitions $end\n#0\n$dumpvars\n")
    for index in 0..<count {
      showUnknown(index)
      text.flush(to: sink)
    }
    text.append("$end\n")
    text.flush(to: sink)
  }

  public mutating func write(_ event: TraceEvent, to sink: Sink) {
    guard event.channel >= 0, event.channel < count else { return }
    let channel = event.channel
    switch (event.occurrence, kinds[channel]) {
    case (.registers(.kcs(let idr, let odr, let str)), .kcs):
      show(idr, channel, Signal.idr, at: event.time)
      show(odr, channel, Signal.odr, at: event.time)
      show(str, channel, Signal.str, at: event.time)
      show(str >> 6, channel, Signal.state, at: event.time)
      show(str, channel, KCSSignal.flags, at: event.time)
    case (.registers(.bt(let control, let mask)), .bt):
      show(control, channel, Signal.control, at: event.time)
      show(mask, channel, Signal.mask, at: event.time)
      show(control, channel, BTSignal.flags, at: event.time)
    case (.interrupt(let side, let isHigh), .kcs), (.interrupt(let side, let isHigh), .bt):
      let signal = side == .host ? Signal.hostInterrupt : Signal.bmcInterrupt
      show(isHigh ? 1 : 0, channel, signal, at: event.time)
    default:
      return
    }
    if !text.isEmpty { text.flush(to: sink) }
  }

  // MARK: Declarations

  private mutating func declareSignals(of channel: Int) {
    switch kinds[channel] {
    case .kcs:
      declare("wire 8 ", "IDR", channel, Signal.idr)
      declare("wire 8 ", "ODR", channel, Signal.odr)
      declare("wire 8 ", "STR", channel, Signal.str)
      declare("string 1 ", "state", channel, Signal.state)
      declare(KCSSignal.flags, channel)
    case .bt:
      declare("wire 8 ", "BT_CTRL", channel, Signal.control)
      declare("wire 8 ", "BT_INTMASK", channel, Signal.mask)
      declare(BTSignal.flags, channel)
    case .ssif, .messages:
      return
    }
    declare("wire 1 ", "host_IRQ", channel, Signal.hostInterrupt)
    declare("wire 1 ", "BMC_IRQ", channel, Signal.bmcInterrupt)
  }

  private mutating func declare<let n: Int>(_ flags: [n of SignalBit], _ channel: Int) {
    for index in flags.indices {
      declare("wire 1 ", flags[index].signal, channel, Signal.firstFlag + index)
    }
  }

  private mutating func declare(
    _ type: StaticString, _ name: StaticString, _ channel: Int, _ signal: Int
  ) {
    text.append("$var ")
    text.append(type)
    append(identifierOf: channel, signal)
    text.append(" ")
    text.append(name)
    text.append(" $end\n")
  }

  /// Two printable characters.
  private mutating func append(identifierOf channel: Int, _ signal: Int) {
    text.append(UInt8(ascii: "A") + UInt8(truncatingIfNeeded: channel))
    text.append(UInt8(ascii: "a") + UInt8(truncatingIfNeeded: signal))
  }

  // MARK: Values

  private mutating func showUnknown(_ channel: Int) {
    let isKCS = kinds[channel] == .kcs
    guard isKCS || kinds[channel] == .bt else { return }
    for signal in 0..<(isKCS ? 3 : 2) {
      text.append("bx ")
      append(identifierOf: channel, signal)
      text.append("\n")
    }
    if isKCS {
      text.append("s? ")
      append(identifierOf: channel, Signal.state)
      text.append("\n")
    }
    let flags = isKCS ? KCSSignal.flags.count : BTSignal.flags.count
    for signal in Signal.firstFlag..<Signal.firstFlag + flags { showUnknownBit(channel, signal) }
    showUnknownBit(channel, Signal.hostInterrupt)
    showUnknownBit(channel, Signal.bmcInterrupt)
  }

  private mutating func showUnknownBit(_ channel: Int, _ signal: Int) {
    text.append("x")
    append(identifierOf: channel, signal)
    text.append("\n")
  }

  private mutating func show<let n: Int>(
    _ value: UInt8, _ channel: Int, _ flags: [n of SignalBit], at time: UInt64
  ) {
    for index in flags.indices {
      let bit: UInt8 = value & flags[index].mask != 0 ? 1 : 0
      show(bit, channel, Signal.firstFlag + index, at: time)
    }
  }

  /// Writes a value where it differs from what is shown.
  private mutating func show(_ value: UInt8, _ channel: Int, _ signal: Int, at time: UInt64) {
    guard shown[channel][signal] != value else { return }
    shown[channel][signal] = value
    if time > self.time {
      self.time = time
      text.append("#")
      text.append(decimal: time)
      text.append("\n")
    }
    if signal >= Signal.firstFlag {
      text.append(UInt8(ascii: "0") + value)
    } else if signal == Signal.state {
      text.append("s")
      text.append(kcsStateOf: value << 6)
      text.append(" ")
    } else {
      text.append("b")
      for bit in (0..<8).reversed() {
        text.append(UInt8(ascii: "0") + value >> UInt8(bit) & 1)
      }
      text.append(" ")
    }
    append(identifierOf: channel, signal)
    text.append("\n")
  }
}
