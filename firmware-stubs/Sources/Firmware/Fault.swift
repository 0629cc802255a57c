import CBoard

extension Board {
  /// Says on the console what ended the firmware, and keeps every interrupt from waking it.
  ///
  /// - Parameters: as for `handle_fault` in CBoard.h.
  public func report(fault: UInt32, pc: UInt32, address: UInt32) {
    interrupts.stop()
    console.writeLine()
    console.write(Self.name(ofFault: fault))
    console.write(" at PC ")
    console.write(hex: pc, digits: 8)
    if fault == FAULT_DATA_ABORT.rawValue {
      console.write(", address ")
      console.write(hex: address, digits: 8)
    }
    console.writeLine(": firmware stopped")
  }

  private static func name(ofFault fault: UInt32) -> StaticString {
    switch fault {
    // Also what Swift executes where a precondition does not hold.
    case FAULT_UNDEFINED_INSTRUCTION.rawValue: "undefined instruction"
    case FAULT_SUPERVISOR_CALL.rawValue: "supervisor call"
    case FAULT_PREFETCH_ABORT.rawValue: "prefetch abort"
    case FAULT_DATA_ABORT.rawValue: "data abort"
    default: "fast interrupt"
    }
  }
}
