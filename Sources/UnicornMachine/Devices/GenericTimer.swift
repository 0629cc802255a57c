/// The generic timer of an ARMv7-A core, as one security state sees it: one counter, two timers.
///
/// Reached by coprocessor instructions. Unicorn 2.0 has it count the machine's own time, so that
/// ``ARMProcessor`` takes these instructions and executes them here. ARM DDI 0406C, chapter B8.
struct GenericTimer: Sendable {
  /// Length of a tick, in nanoseconds.
  let period: UInt64
  private var timers: [2 of Timer] = .init(repeating: Timer())

  /// One of the timers; the physical one's number is 0, the virtual one's 1.
  private struct Timer: Sendable {
    /// CVAL.
    var compare: UInt64 = 0
    /// CTL: ENABLE, IMASK.
    var control: UInt32 = 0
  }

  init(period: UInt64) {
    self.period = period
  }

  func count(at now: UInt64) -> UInt64 { now / period }

  private func isDue(_ index: Int, _ now: UInt64) -> Bool {
    timers[index].control & 1 != 0 && count(at: now) >= timers[index].compare
  }

  /// Level of the interrupt of the physical timer, 0, or of the virtual one, 1.
  func interrupt(_ index: Int, at now: UInt64) -> Bool {
    isDue(index, now) && timers[index].control & 0b10 == 0
  }

  /// When one of the levels rises next, in nanoseconds.
  func deadline(after now: UInt64) -> UInt64? {
    var first: UInt64?
    for index in 0..<2 where timers[index].control & 0b11 == 1 && !isDue(index, now) {
      let (time, overflow) = timers[index].compare.multipliedReportingOverflow(by: period)
      if !overflow { first = min(first ?? .max, time) }
    }
    return first
  }

  /// Takes an instruction: MRRC, MCRR, MRC or MCR of coprocessor 15, CRn or CRm 14.
  ///
  /// - Parameters:
  ///   - value: What is stored; of 32 bits the lower half counts.
  ///   - now: Nanoseconds.
  /// - Returns: What is loaded; 0 for a store.
  mutating func execute(_ instruction: Instruction, _ value: UInt64, now: UInt64) -> UInt64 {
    switch instruction.register {
    case .frequency: return 1_000_000_000 / period
    case .count: return count(at: now)
    case .compare(let index):
      if instruction.isLoad { return timers[index].compare }
      timers[index].compare = value
    case .timer(let index):
      if instruction.isLoad {
        return UInt64(UInt32(truncatingIfNeeded: timers[index].compare &- count(at: now)))
      }
      let distance = Int64(Int32(truncatingIfNeeded: value))
      timers[index].compare = count(at: now) &+ UInt64(bitPattern: distance)
    case .control(let index):
      if instruction.isLoad {
        return UInt64(timers[index].control | (isDue(index, now) ? 0b100 : 0))
      }
      timers[index].control = UInt32(truncatingIfNeeded: value) & 0b11
    case .other: break
    }
    return 0
  }

  /// An A32 instruction that reaches the timer.
  struct Instruction: Hashable, Sendable {
    enum Register: Hashable, Sendable {
      case frequency, count
      /// CVAL of timer 0 or 1.
      case compare(Int)
      /// TVAL.
      case timer(Int)
      /// CTL.
      case control(Int)
      /// CNTKCTL and whatever the state has none of: reads 0.
      case other
    }

    var register: Register
    var isLoad: Bool
    /// The general-purpose registers: the second one of 64-bit transfers only.
    var low: UInt32
    var high: UInt32?

    /// Decodes `word`; `nil` for any other instruction.
    init?(_ word: UInt32) {
      guard word >> 28 != 0xF else { return nil }
      isLoad = word >> 20 & 1 != 0
      low = word >> 12 & 0xF
      if word & 0x0FE0_0F0F == 0x0C40_0F0E {
        high = word >> 16 & 0xF
        register =
          switch word >> 4 & 0xF {
          case 0, 1: .count
          case 2: .compare(0)
          case 3: .compare(1)
          default: .other
          }
      } else if word & 0x0FEF_0F10 == 0x0E0E_0F10 {
        register =
          switch (word & 0xF, word >> 5 & 0b111) {
          case (0, 0): .frequency
          case (2, 0): .timer(0)
          case (2, 1): .control(0)
          case (3, 0): .timer(1)
          case (3, 1): .control(1)
          default: .other
          }
      } else {
        return nil
      }
    }
  }
}
