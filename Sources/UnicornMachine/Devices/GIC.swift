/// Generic Interrupt Controller, version 1 or 2, as one processor sees it.
///
/// | Distributor | Register              | Processor | Register                     |
/// |------------:|-----------------------|----------:|------------------------------|
/// |        000h | GICD_CTLR             |       00h | GICC_CTLR                    |
/// |        004h | GICD_TYPER            |       04h | GICC_PMR                     |
/// |   100h–17Ch | GICD_ISENABLERn       |       0Ch | GICC_IAR, reading takes one  |
/// |   180h–1FCh | GICD_ICENABLERn       |       10h | GICC_EOIR                    |
/// |   200h–2FCh | GICD_ISPENDRn, CPENDR |       14h | GICC_RPR                     |
/// |   300h–37Ch | GICD_ISACTIVERn       |       18h | GICC_HPPIR                   |
/// |   400h–7F8h | GICD_IPRIORITYRn      |           |                              |
/// |   800h–BF8h | GICD_ITARGETSRn       |           |                              |
/// |   C00h–CFCh | GICD_ICFGRn           |           |                              |
/// |        F00h | GICD_SGIR             |           |                              |
///
/// 192 lines of one group; from ARM IHI 0048, chapter 4. Left out: security, the binary point, the
/// second processor, whose targets are kept only.
struct GIC: Sendable {
  /// What GICC_IAR reads when nothing is pending.
  static let spurious: UInt32 = 1023

  private var enabled = LineSet()
  /// Inputs that are high.
  private var levels = LineSet()
  /// What an edge, a write or software has made pending.
  private var latched = LineSet()
  private var active = LineSet()
  /// Lines that are edge-sensitive.
  private var edges = LineSet()
  private var priorities: [192 of UInt8] = .init(repeating: 0)
  private var targets: [192 of UInt8] = .init(repeating: 0)
  private var distributorEnable: UInt32 = 0
  private var processorEnable: UInt32 = 0
  private var priorityMask: UInt32 = 0

  init() {
    // Software's own are edges.
    edges[word: 0] = 0xFFFF
  }

  /// Drives input `line`, as its number is here: SPI n is 32 + n.
  mutating func setLevel(_ line: Int, _ isHigh: Bool) {
    if isHigh, !levels[line], edges[line] { latched[line] = true }
    levels[line] = isHigh
  }

  /// Level of the processor's IRQ input.
  var interrupt: Bool { deliverable != nil }

  /// The pending line of the highest priority, the lowest number first.
  private var highestPending: (line: Int, priority: UInt8)? {
    var best: (line: Int, priority: UInt8)?
    for word in 0..<6 {
      let high = levels[word: word] & ~edges[word: word] | latched[word: word]
      var pending = high & enabled[word: word] & ~active[word: word]
      while pending != 0 {
        let line = word * 32 + pending.trailingZeroBitCount
        pending &= pending - 1
        if best == nil || priorities[line] < best!.priority { best = (line, priorities[line]) }
      }
    }
    return best
  }

  /// What the processor is told of.
  private var deliverable: Int? {
    guard distributorEnable & processorEnable & 1 != 0, let next = highestPending,
      next.priority < priorityMask, UInt32(next.priority) < runningPriority
    else { return nil }
    return next.line
  }

  /// The highest priority that is active, or FFh with one more: none.
  private var runningPriority: UInt32 {
    var result: UInt32 = 0x100
    for word in 0..<6 {
      var rest = active[word: word]
      while rest != 0 {
        result = min(result, UInt32(priorities[word * 32 + rest.trailingZeroBitCount]))
        rest &= rest - 1
      }
    }
    return result
  }

  // MARK: Processor interface

  mutating func readProcessor(_ offset: Int) -> UInt32 {
    switch offset {
    case 0x00: return processorEnable
    case 0x04: return priorityMask
    case 0x0C:
      guard let line = deliverable else { return Self.spurious }
      latched[line] = false
      active[line] = true
      return UInt32(line)
    case 0x14: return min(runningPriority, 0xFF)
    case 0x18: return (highestPending?.line).map(UInt32.init) ?? Self.spurious
    // Version 2, ARM.
    case 0xFC: return 0x0102_143B
    default: return 0
    }
  }

  mutating func writeProcessor(_ value: UInt32, to offset: Int) {
    switch offset {
    case 0x00: processorEnable = value
    case 0x04: priorityMask = value & 0xFF
    case 0x10:
      let line = Int(value & 0x3FF)
      if line < LineSet.capacity { active[line] = false }
    default: break
    }
  }

  // MARK: Distributor

  mutating func readDistributor(_ offset: Int) -> UInt32 {
    let word = offset >> 2 & 0x1F
    switch offset {
    case 0x000: return distributorEnable
    // Bits 7:5: processors less one; 4:0: lines in units of 32, less one.
    case 0x004: return 1 << 5 | 5
    case 0x100..<0x180, 0x180..<0x200: return enabled[word: word]
    case 0x200..<0x280, 0x280..<0x300:
      return latched[word: word] | levels[word: word] & ~edges[word: word]
    case 0x300..<0x380, 0x380..<0x400: return active[word: word]
    case 0x400..<0x800: return bytes(of: priorities, at: offset - 0x400)
    // A private line goes to the processor that asks.
    case 0x800..<0x820: return 0x0101_0101
    case 0x820..<0xC00: return bytes(of: targets, at: offset - 0x800)
    case 0xC00..<0xD00: return configuration(at: offset - 0xC00)
    default: return 0
    }
  }

  mutating func writeDistributor(_ value: UInt32, to offset: Int, mask: UInt32) {
    let word = offset >> 2 & 0x1F
    switch offset {
    case 0x000: distributorEnable = value
    case 0x100..<0x180: enabled[word: word] |= value
    case 0x180..<0x200: enabled[word: word] &= ~value
    case 0x200..<0x280: latched[word: word] |= value
    case 0x280..<0x300: latched[word: word] &= ~value
    case 0x300..<0x380: active[word: word] |= value
    case 0x380..<0x400: active[word: word] &= ~value
    case 0x400..<0x800: setBytes(of: &priorities, at: offset - 0x400, value, mask)
    case 0x820..<0xC00: setBytes(of: &targets, at: offset - 0x800, value, mask)
    // Of software's own lines the sensitivity is fixed.
    case 0xC04..<0xD00: configure(at: offset - 0xC00, value, mask)
    case 0xF00:
      // To a list with this processor in it, or to this processor alone.
      let filter = value >> 24 & 0b11
      if filter == 2 || filter == 0 && value >> 16 & 1 != 0 { latched[Int(value & 0xF)] = true }
    default: break
    }
  }

  private func bytes(of lines: [192 of UInt8], at first: Int) -> UInt32 {
    guard first + 3 < LineSet.capacity else { return 0 }
    return (0..<4).reduce(0) { $0 | UInt32(lines[first + $1]) << UInt32($1 * 8) }
  }

  private func setBytes(
    of lines: inout [192 of UInt8], at first: Int, _ value: UInt32, _ mask: UInt32
  ) {
    guard first + 3 < LineSet.capacity else { return }
    for index in 0..<4 where mask >> UInt32(index * 8) & 0xFF != 0 {
      lines[first + index] = UInt8(truncatingIfNeeded: value >> UInt32(index * 8))
    }
  }

  /// GICD_ICFGRn: two bits a line, the upper one for an edge.
  private func configuration(at offset: Int) -> UInt32 {
    let first = offset * 4
    guard first + 15 < LineSet.capacity else { return 0 }
    return (0..<16).reduce(0) { $0 | (edges[first + $1] ? 0b10 << UInt32($1 * 2) : 0) }
  }

  private mutating func configure(at offset: Int, _ value: UInt32, _ mask: UInt32) {
    let first = offset * 4
    guard first + 15 < LineSet.capacity else { return }
    for index in 0..<16 where mask >> UInt32(index * 2 + 1) & 1 != 0 {
      edges[first + index] = value >> UInt32(index * 2 + 1) & 1 != 0
    }
  }
}
