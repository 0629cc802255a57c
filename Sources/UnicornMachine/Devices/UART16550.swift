/// A 16550 whose registers are 4 bytes apart: the console. It sends at once and receives nothing.
///
/// | Offset | Read              | Write      |
/// |-------:|-------------------|------------|
/// |    00h | RBR: 0; or DLL    | THR or DLL |
/// |    04h | IER or DLM        | IER or DLM |
/// |    08h | IIR               | FCR        |
/// |    0Ch | LCR               | LCR        |
/// |    10h | MCR               | MCR        |
/// |    14h | LSR: THRE, TEMT   |            |
/// |    18h | MSR: CTS, DSR, CD |            |
/// |    1Ch | SCR               | SCR        |
struct UART16550: Device, Sendable {
  private var interruptEnable: UInt32 = 0
  private var lineControl: UInt32 = 0
  private var modemControl: UInt32 = 0
  private var scratch: UInt32 = 0
  private var divisor: [2 of UInt32] = .init(repeating: 0)
  private var fifoEnable: UInt32 = 0
  /// The transmitter has become empty, and nobody has read IIR since.
  private var isEmptied = false
  /// What has been sent and not been taken.
  private(set) var output: [UInt8] = []

  private var showsDivisor: Bool { lineControl & 0x80 != 0 }

  /// Level of the interrupt: the transmitter's only.
  var interrupt: Bool { isEmptied && interruptEnable & 0b10 != 0 }

  /// Takes the bytes that were sent since the last call.
  mutating func takeOutput() -> [UInt8] {
    defer { output.removeAll(keepingCapacity: true) }
    return output
  }

  mutating func read(_ offset: Int, now: UInt64) -> UInt32 {
    switch offset {
    case 0x00: return showsDivisor ? divisor[0] : 0
    case 0x04: return showsDivisor ? divisor[1] : interruptEnable
    case 0x08:
      let identity: UInt32 = interrupt ? 0b0010 : 0b0001
      if interrupt { isEmptied = false }
      return identity | (fifoEnable != 0 ? 0xC0 : 0)
    case 0x0C: return lineControl
    case 0x10: return modemControl
    case 0x14: return 0x60
    case 0x18: return 0xB0
    case 0x1C: return scratch
    default: return 0
    }
  }

  mutating func write(_ value: UInt32, to offset: Int, mask: UInt32, now: UInt64) {
    let byte = value & 0xFF
    switch offset {
    case 0x00:
      if showsDivisor {
        divisor[0] = byte
      } else {
        output.append(UInt8(byte))
        isEmptied = true
      }
    case 0x04:
      if showsDivisor {
        divisor[1] = byte
      } else {
        if byte & 0b10 != 0, interruptEnable & 0b10 == 0 { isEmptied = true }
        interruptEnable = byte & 0xF
      }
    case 0x08: fifoEnable = byte & 1
    case 0x0C: lineControl = byte
    case 0x10: modemControl = byte
    case 0x1C: scratch = byte
    default: break
    }
  }
}
