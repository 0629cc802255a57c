import Testing

@testable import UnicornMachine

/// Exceptions of the processor, as a bare-metal program sees them.
struct ARMExceptionTests {
  static let board = BMCBoard.all[0]
  static let start: UInt32 = 0x10_0000
  /// Where programs leave what they have seen.
  static let results: UInt32 = 0x11_0000

  /// Vectors, all but one of which hang; the handler; then the program.
  private static func makeMachine(
    vector: Int, handler: [UInt32], program: [UInt32]
  ) throws -> ARMMachine {
    var words = Array(repeating: A32.branch(0), count: 8)
    words[vector] = A32.branch(8 - vector)
    words[0] = A32.branch(8 + handler.count)
    words += handler
    words += A32.set(0, start) + [A32.setVectors(0)] + A32.set(1, results) + program
    return try ARMMachine(board, image(words, for: board))
  }

  /// Stores LR, SPSR and DFAR, and goes on after LR.
  private static let witness: [UInt32] = [
    A32.store(14, to: 1), A32.savedState(2), A32.store(2, to: 1, 4), A32.faultAddress(2),
    A32.store(2, to: 1, 8), A32.branch(0),
  ]

  @Test(arguments: [
    (vector: 1, instruction: A32.undefined, link: UInt32(4)),
    (vector: 2, instruction: A32.supervisorCall, link: 4),
    (vector: 4, instruction: A32.load(5, from: 4), link: 8),
  ])
  func anInstructionsExceptionIsEntered(_ vector: Int, _ instruction: UInt32, _ link: UInt32)
    throws
  {
    let before = A32.set(4, 0x7000_0010)
    let machine = try Self.makeMachine(
      vector: vector, handler: Self.witness, program: before + [instruction, A32.branch(0)])
    try machine.run(until: 10_000)
    // Eight vectors, the handler, VBAR and r1, the program up to the instruction.
    let place = Self.start + UInt32(8 + Self.witness.count + 5 + before.count) * 4
    #expect(machine.word(at: Self.results) == place + link)
    #expect(machine.word(at: Self.results + 4).map { $0 & 0x1FF } == 0x1D3)
    if vector == 4 { #expect(machine.word(at: Self.results + 8) == 0x7000_0010) }
  }

  @Test func aFetchFromNowhereIsAPrefetchAbort() throws {
    let machine = try Self.makeMachine(
      vector: 3, handler: Self.witness,
      // mov pc, r4
      program: A32.set(4, 0x7000_0010) + [0xE1A0_F004])
    try machine.run(until: 10_000)
    #expect(machine.word(at: Self.results) == 0x7000_0014)
  }

  @Test func aSupervisorCallReturns() throws {
    let machine = try Self.makeMachine(
      vector: 2, handler: [A32.add(6, 1), A32.store(6, to: 1), A32.returnFromCall],
      program: A32.set(6, 0) + Array(repeating: A32.supervisorCall, count: 5) + [A32.branch(0)])
    // Banked: the call is made in SVC mode, whose LR the entry takes; nothing here needs it.
    try machine.run(until: 10_000)
    #expect(machine.word(at: Self.results) == 5)
  }

  /// A vector without code ends nothing and takes its time.
  @Test func exceptionsWithoutEndPassTime() throws {
    let program = A32.set(0, 0x7000_0000) + [A32.setVectors(0), A32.undefined]
    let machine = try ARMMachine(Self.board, image(program, for: Self.board))
    try machine.run(until: 10_000)
    #expect(machine.now >= 10_000)
  }

  /// Has IBF of KCS1 interrupt the processor, which masks it still; r5 and r6 are 0 then.
  private static var enableInterrupts: [UInt32] {
    var words = A32.set(7, 0xF03F_E100)
    words += A32.set(8, 0xF000_700C)
    words += A32.set(9, 0xF03F_F000)
    words += A32.set(5, 0)
    words += A32.set(6, 0)
    words += A32.set(10, 1)
    words += A32.set(11, 0xFF)
    words += A32.set(12, 1 << 9)
    // GICD_CTLR, GICD_ISENABLER1, GICC_PMR, GICC_CTLR; CTL.
    words += [
      A32.store(10, to: 9), A32.store(12, to: 9, 0x104), A32.store(11, to: 7, 4),
      A32.store(10, to: 7), A32.storeByte(10, to: 8, 0x0C),
    ]
    return words
  }

  /// 200 bytes of a host, each an interrupt of the GIC; the interrupted loop goes on unharmed.
  @Test func interruptsAreTakenAndReturnedFrom() throws {
    let handler: [UInt32] =
      [
        // IAR; count; IDR, which ends the level; EOIR.
        A32.load(2, from: 7, 0x0C), A32.add(6, 1), A32.store(6, to: 1),
        A32.loadByte(3, from: 8, 4), A32.store(3, to: 1, 4), A32.store(2, to: 7, 0x10),
        A32.returnFromInterrupt,
      ]
    // SVC mode, IRQs on; then it counts.
    let program =
      Self.enableInterrupts + [
        A32.setState(0x53), A32.add(5, 1), A32.store(5, to: 1, 8), A32.branch(-2),
      ]
    let machine = try Self.makeMachine(vector: 6, handler: handler, program: program)
    try machine.run(until: 5_000)
    for count in 1...200 as ClosedRange<UInt32> {
      let turns = try #require(machine.word(at: Self.results + 8))
      machine.hostWrite(UInt8(truncatingIfNeeded: count), port: 0xCA2)
      try machine.run(until: machine.now + 1_000)
      #expect(machine.word(at: Self.results) == count)
      #expect(machine.word(at: Self.results + 4) == count & 0xFF)
      #expect(try #require(machine.word(at: Self.results + 8)) > turns)
    }
  }

  @Test func aMaskedInterruptEndsASleepAndWaits() throws {
    let machine = try Self.makeMachine(
      vector: 6, handler: [A32.branch(0)],
      program: Self.enableInterrupts + [
        A32.waitForInterrupt, A32.add(5, 1), A32.store(5, to: 1), A32.branch(0),
      ])
    try machine.run(until: 5_000)
    #expect(machine.isIdle)
    let executed = machine.executed
    try machine.run(until: 1_000_000)
    #expect(machine.executed == executed)
    machine.hostWrite(0x61, port: 0xCA2)
    try machine.run(until: 1_005_000)
    #expect(machine.word(at: Self.results) == 1)
  }
}
