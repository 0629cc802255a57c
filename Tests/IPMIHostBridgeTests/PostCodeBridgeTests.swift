import BMCPeripherals
import SystemInterfaces
import TestSupport
import Testing

@testable import IPMIHostBridge

/// POST codes on their way from a wire to both families' registers, with the drivers' accesses.
@Suite struct PostCodeBridgeTests {
  /// A BMC that takes POST codes written to port 80h.
  protocol Watcher {
    associatedtype Registers: PostCodeRegisters
    var registers: Registers { get set }
    var codes: [UInt8] { get }
    var interrupt: Bool { get }
    /// One access of the driver's interrupt handler; `true` with the last one.
    mutating func step() -> Bool
  }

  /// `aspeed-lpc-snoop`: acknowledges first, then reads.
  struct Snoop: Watcher {
    var registers = AspeedLPC(.ast2600)
    var codes: [UInt8] = []
    private var status: UInt64?

    init() {
      registers.write(0x80, to: 0x90, width: 4)
      registers.write(0b11, to: 0x80, width: 4)
    }

    var interrupt: Bool { registers.interrupts == .snoop }

    mutating func step() -> Bool {
      if status == nil {
        status = registers.read(0x84, width: 4)
        return false
      }
      if status != 0 {
        registers.write(1, to: 0x84, width: 4)
        status = 0
        return false
      }
      status = nil
      codes.append(UInt8(truncatingIfNeeded: registers.read(0x94, width: 4)))
      return true
    }
  }

  /// `npcm7xx-lpc-bpc`: status and byte until none is left.
  struct FIFO: Watcher {
    var registers = NPCM7xxHostInterface()
    var codes: [UInt8] = []
    private var isValid = false

    init() {
      registers.write(0x88, to: 0x46, width: 1)
    }

    var interrupt: Bool { registers.interrupt }

    mutating func step() -> Bool {
      if isValid {
        isValid = false
        codes.append(UInt8(registers.read(0x4A, width: 1)))
        return false
      }
      isValid = registers.read(0x48, width: 1) & 0x80 != 0
      return !isValid
    }
  }

  /// A host that writes all of `codes` at once, and a BMC that acts late: at every step of its
  /// handler the bridge may act, too.
  private func deliver(_ codes: [UInt8], to watcher: some Watcher, seed: UInt64) -> [UInt8] {
    var watcher = watcher
    var random = SplitMix64(seed: seed)
    var bridge = PostCodeBridge()
    var rest = codes[...]
    var now: UInt64 = 0
    while !rest.isEmpty || !bridge.isReady || watcher.interrupt {
      if bridge.isReady, let next = rest.first {
        let isTaken = bridge.postCode(next, now: now)
        #expect(isTaken)
        rest.removeFirst()
      }
      bridge.advance(&watcher.registers, now: now)
      guard watcher.interrupt else { continue }
      now &+= random.next() % 1_000_000
      while !watcher.step() {
        now &+= random.next() % 1000
        bridge.advance(&watcher.registers, now: now)
      }
    }
    return watcher.codes
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func aBMCThatTakesCodesGetsAllOfThemInOrder(seed: UInt64) {
    let codes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    #expect(deliver(codes, to: Snoop(), seed: seed) == codes)
    #expect(deliver(codes, to: FIFO(), seed: seed) == codes)
  }

  /// The silicon's loss, and the host does not wait longer.
  @Test func aBMCThatDoesNotLookLosesCodesAfterAWhile() {
    var snoop = Snoop()
    var bridge = PostCodeBridge()
    bridge.postCode(1, now: 0)
    bridge.advance(&snoop.registers, now: 0)
    #expect(bridge.isReady)
    bridge.postCode(2, now: 5)
    bridge.advance(&snoop.registers, now: 5)
    #expect(bridge.deadline == 5 + PostCodeBridge.patience)
    let isTaken = bridge.postCode(3, now: 6)
    #expect(!isTaken, "one waits at a time")
    bridge.advance(&snoop.registers, now: 4 + PostCodeBridge.patience)
    #expect(!bridge.isReady)
    bridge.advance(&snoop.registers, now: 5 + PostCodeBridge.patience)
    #expect(bridge.isReady)
    #expect(bridge.deadline == nil)
    #expect(snoop.registers.read(0x94, width: 4) == 2)
  }

  @Test func aFIFOHoldsAsManyAsItHasRoomFor() {
    var fifo = FIFO()
    var bridge = PostCodeBridge()
    for code in UInt8(0)..<16 {
      bridge.postCode(code, now: 0)
      bridge.advance(&fifo.registers, now: 0)
      #expect(bridge.isReady)
    }
    bridge.postCode(16, now: 0)
    bridge.advance(&fifo.registers, now: 0)
    #expect(!bridge.isReady)
    while !fifo.step() { bridge.advance(&fifo.registers, now: 1) }
    #expect(fifo.codes == Array(0...16))
  }

  @Test func whatNobodyWatchesGoesByAtOnce() {
    var bridge = PostCodeBridge(port: 0x81)
    var fifo = FIFO()
    var snoop = Snoop()
    for code in UInt8.min...UInt8.max {
      bridge.postCode(code, now: 0)
      bridge.advance(&fifo.registers, now: 0)
      #expect(bridge.isReady)
      bridge.postCode(code, now: 0)
      bridge.advance(&snoop.registers, now: 0)
      #expect(bridge.isReady)
    }
    #expect(!fifo.interrupt)
    #expect(!snoop.interrupt)
  }
}
