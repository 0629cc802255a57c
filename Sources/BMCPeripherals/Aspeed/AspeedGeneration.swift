/// One generation of ASPEED BMCs: what differs of its ``AspeedLPC``, as data.
///
/// | Generation | KCS1 | KCS2 | KCS3 | KCS4 | iBT | Snoop | Controller | HICRB bits 15:14 |
/// |------------|-----:|-----:|-----:|-----:|----:|------:|------------|------------------|
/// | AST2400    |    8 |    8 |    8 |    8 |   8 |     8 | VIC        | Reserved         |
/// | AST2500    |    8 |    8 |    8 |    8 |   8 |     8 | VIC        | ENSNP1D, ENSNP0D |
/// | AST2600    |  138 |  139 |  140 |  141 | 143 |   144 | GIC, SPIs  | ENSNP1D, ENSNP0D |
///
/// Lines from Linux `aspeed-g4.dtsi`, `aspeed-g5.dtsi` and `aspeed-g6.dtsi`; HICRB from
/// `aspeed-lpc-snoop`. SPI 35, the AST2600's line for the whole block, is raised by nothing.
public enum AspeedGeneration: CaseIterable, Sendable {
  case ast2400, ast2500, ast2600

  /// An input of the interrupt controller, level high, and the sources that raise it.
  public struct InterruptLine: Hashable, Sendable {
    /// VIC input, or GIC SPI.
    public var number: Int
    /// Any of them asserts the line.
    public var sources: AspeedLPC.Interrupts
  }

  /// How many inputs of the interrupt controller the block drives.
  public var lineCount: Int {
    switch self {
    case .ast2400, .ast2500: 1
    case .ast2600: 6
    }
  }

  /// Input `index` of ``lineCount``.
  public func line(_ index: Int) -> InterruptLine {
    switch self {
    case .ast2400, .ast2500: InterruptLine(number: 8, sources: .all)
    case .ast2600:
      // There is no source at 142, which would be a fifth KCS channel's.
      InterruptLine(
        number: (index < 4 ? 138 : 139) &+ index,
        sources: AspeedLPC.Interrupts(rawValue: 1 << UInt8(truncatingIfNeeded: index)))
    }
  }

  /// Whether HICRB has ENSNP1D and ENSNP0D.
  public var hasSnoopDecode: Bool { self != .ast2400 }
}
