import IPMI

extension TraceEvent.Occurrence {
  /// Adds what happened in words, on one line of ASCII.
  public func describe<let size: Int>(to text: inout FixedBytes<size>) {
    switch self {
    case .request(_, let message):
      text.append(commandOf: message)
      text.append(dataOf: message)
    case .response(_, let message):
      text.append(commandOf: message)
      text.append(": ")
      text.append(completionOf: message)
      text.append(dataOf: message)
    case .access(let access):
      text.append(access.side.name)
      text.append(access.isWrite ? " writes " : " reads ")
      text.append(access.register.name)
      text.append(" ")
      text.append(byte: access.value)
    case .registers(.kcs(let idr, let odr, let str)):
      text.append(kcsStateOf: str)
      text.append(", STR ")
      text.append(byte: str)
      text.append(flagsOf: str, KCSSignal.flags)
      text.append(", IDR ")
      text.append(byte: idr)
      text.append(", ODR ")
      text.append(byte: odr)
    case .registers(.bt(let control, let mask)):
      text.append("BT_CTRL ")
      text.append(byte: control)
      text.append(flagsOf: control, BTSignal.flags)
      text.append(", BT_INTMASK ")
      text.append(byte: mask)
    case .interrupt(let side, let isHigh):
      text.append(side.name)
      text.append(isHigh ? " interrupt raised" : " interrupt lowered")
    case .control(let side, let code, let argument):
      text.append(side.name)
      text.append(": ")
      if let name = Self.controlName(code) {
        text.append(name)
      } else {
        text.append("unknown command ")
        text.append(byte: code)
      }
      if let argument {
        text.append(" ")
        text.append(byte: argument)
      }
    case .damaged(let side, let damage):
      text.append("damaged frame from ")
      text.append(side.name)
      text.append(": ")
      text.append(damage.name)
    case .reset(let side):
      text.append(side.name)
      text.append(" reset")
    case .connected(let side):
      text.append(side.name)
      text.append(" connected")
    case .disconnected(let side):
      text.append(side.name)
      text.append(" disconnected")
    case .fault(let what, let rule):
      text.append("fault: ")
      text.append(contentsOf: what)
      guard rule > 0 else { return }
      text.append(" (rule ")
      text.append(decimal: UInt64(rule))
      text.append(")")
    }
  }

  /// The VM protocol's commands.
  static func controlName(_ code: UInt8) -> StaticString? {
    switch code {
    case 0x00: "no attention"
    case 0x01: "attention"
    case 0x02: "attention with interrupt"
    case 0x03: "power off"
    case 0x04: "reset"
    case 0x05: "interrupts enabled"
    case 0x06: "interrupts disabled"
    case 0x07: "NMI"
    case 0x08: "capabilities"
    case 0x09: "graceful shutdown"
    case 0x0A: "interface disabled"
    case 0x0B: "interface enabled"
    case 0xFF: "version"
    default: nil
    }
  }
}

extension TraceSide {
  /// As it stands in a text.
  var name: StaticString {
    switch self {
    case .host: "host"
    case .bmc: "BMC"
    }
  }
}

extension TraceDamage {
  /// As it stands in a text.
  var name: StaticString {
    switch self {
    case .danglingEscape: "ends within an escape"
    case .tooShort: "too short"
    case .badChecksum: "wrong checksum"
    case .tooLong: "too long"
    }
  }
}

extension TracedRegister {
  /// As its specification names it.
  var name: StaticString {
    switch self {
    case .idr: "IDR"
    case .odr: "ODR"
    case .str: "STR"
    case .command: "command port"
    case .btControl: "BT_CTRL"
    case .btBuffer: "BT buffer"
    case .btInterruptMask: "BT_INTMASK"
    }
  }
}

extension FixedBytes {
  /// Adds a byte as this project writes them: "1Fh".
  mutating func append(byte value: UInt8) {
    append(hexadecimal: value)
    append("h")
  }

  /// Adds the name of a message's command, or its numbers.
  public mutating func append(commandOf message: Message) {
    if let name = message.command.name {
      append(name)
    } else {
      append("NetFn ")
      append(byte: message.command.netFn.rawValue)
      append(" command ")
      append(byte: message.command.code)
    }
  }

  /// Adds a response's completion code and its meaning.
  public mutating func append(completionOf message: Message) {
    guard let code = message.completionCode else {
      append("no completion code")
      return
    }
    append(byte: code.rawValue)
    if let name = code.name {
      append(" ")
      append(name)
    }
  }

  /// Adds a message's data in hexadecimal, of long data the beginning.
  mutating func append(dataOf message: Message) {
    let limit = 24
    guard message.dataCount > 0 else { return }
    append(" [")
    for index in 0..<min(limit, message.dataCount) {
      if index > 0 { append(" ") }
      append(hexadecimal: message.data(index) ?? 0)
    }
    if message.dataCount > limit {
      append(" ... ")
      append(decimal: UInt64(message.dataCount))
      append(" bytes")
    }
    append("]")
  }

  /// Adds S1 and S0 as the name of the state.
  mutating func append(kcsStateOf str: UInt8) {
    switch str >> 6 {
    case 0: append("IDLE")
    case 1: append("READ")
    case 2: append("WRITE")
    default: append("ERROR")
    }
  }

  /// Adds the names of the bits that are set.
  mutating func append<let n: Int>(flagsOf value: UInt8, _ flags: [n of SignalBit]) {
    var separator: StaticString = " ("
    for index in flags.indices where value & flags[index].mask != 0 {
      append(separator)
      append(flags[index].name)
      separator = " "
    }
    if separator.utf8CodeUnitCount == 1 { append(")") }
  }
}

/// A bit of a register that has a name, and a line of its own in a waveform.
struct SignalBit: Sendable {
  let name: StaticString
  /// The name without what a waveform's names cannot have.
  let signal: StaticString
  let mask: UInt8

  init(_ name: StaticString, signal: StaticString? = nil, mask: UInt8) {
    self.name = name
    self.signal = signal ?? name
    self.mask = mask
  }
}

/// STR's flags. IPMI v2.0, section 9.7.
enum KCSSignal {
  static var flags: [4 of SignalBit] {
    [
      SignalBit("OBF", mask: 1 << 0), SignalBit("IBF", mask: 1 << 1),
      SignalBit("SMS_ATN", mask: 1 << 2), SignalBit("C/D", signal: "C_D", mask: 1 << 3),
    ]
  }
}

/// BT_CTRL's bits, without the two that only reset pointers and read 0. IPMI v2.0, section 11.6.1.
enum BTSignal {
  static var flags: [6 of SignalBit] {
    [
      SignalBit("H2B_ATN", mask: 1 << 2), SignalBit("B2H_ATN", mask: 1 << 3),
      SignalBit("SMS_ATN", mask: 1 << 4), SignalBit("OEM0", mask: 1 << 5),
      SignalBit("H_BUSY", mask: 1 << 6), SignalBit("B_BUSY", mask: 1 << 7),
    ]
  }
}
