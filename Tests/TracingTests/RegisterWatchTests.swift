import IPMI
import Testing
import Tracing

@Suite struct RegisterWatchTests {
  /// Told by what it changes, each access is the one that was made, and none that changes something is
  /// missed.
  @Test func `accesses are told by their effects`() {
    let events = TracedRegisters.run([
      Sample.deviceID, Sample.message([0x28, 0x11, 0, 0, 0, 16]), Sample.message([0xB0, 0x02]),
    ])
    var watch = RegisterWatch()
    var told: [RegisterAccess] = []
    var expected: [RegisterAccess] = []
    var access: RegisterAccess?
    var values: RegisterValues?
    var lines = [TraceSide.host: false, .bmc: false]
    var levels: [TraceEvent.Occurrence] = []
    for event in events {
      switch event.occurrence {
      case .access(let made): access = made
      case .registers(let new):
        if let made = access, new != values {
          // Of STR, the BMC's own bits; the others are not its to write.
          let value = made.side == .bmc && made.register == .str ? made.value & 0xF4 : made.value
          expected.append(
            RegisterAccess(made.side, made.register, isWrite: made.isWrite, value))
        }
        values = new
      case .interrupt(let side, let isHigh):
        lines[side] = isHigh
        guard side == .host, let values else { continue }
        watch.see(
          values, hostInterrupt: isHigh, bmcInterrupt: lines[.bmc]!, after: access?.side ?? .bmc
        ) { occurrence in
          switch occurrence {
          case .access(let found): told.append(found)
          case .interrupt: levels.append(occurrence)
          default: break
          }
        }
      default: break
      }
    }
    #expect(told == expected)
    #expect(told.count > 50)
    // Raised and lowered in turns.
    for side in [TraceSide.host, .bmc] {
      let own = levels.filter {
        [.interrupt(to: side, isHigh: true), .interrupt(to: side, isHigh: false)].contains($0)
      }
      for (index, level) in own.enumerated() {
        #expect(level == .interrupt(to: side, isHigh: index % 2 == 1))
      }
    }
  }

  @Test func `of BT the registers are told`() {
    var watch = RegisterWatch()
    var told: [TraceEvent.Occurrence] = []
    for control: UInt8 in [0x80, 0x80, 0x04] {
      watch.see(
        .bt(control: control, interruptMask: 0), hostInterrupt: false, bmcInterrupt: false,
        after: .host
      ) { told.append($0) }
    }
    #expect(
      told == [
        .registers(.bt(control: 0x80, interruptMask: 0)), .interrupt(to: .host, isHigh: false),
        .interrupt(to: .bmc, isHigh: false), .registers(.bt(control: 0x04, interruptMask: 0)),
      ])
  }
}
