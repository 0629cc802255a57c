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
    while !rest.isEmpty || bridge.waitingCodes > 0 || watcher.interrupt {
      // Bundles of any size, as they come over a wire.
      for _ in 0..<random.next() % 80 {
        guard let next = rest.first else { break }
        let hasRoom = bridge.acceptableCodes > 0
        let isTaken = bridge.postCode(next, now: now)
        #expect(isTaken == hasRoom)
        guard isTaken else { break }
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
    let patience = PostCodeBridge.patience
    var snoop = Snoop()
    var bridge = PostCodeBridge()
    bridge.postCode(1, now: 0)
    bridge.advance(&snoop.registers, now: 0)
    #expect(bridge.waitingCodes == 0)
    for code in UInt8(2)...4 { bridge.postCode(code, now: 5) }
    bridge.advance(&snoop.registers, now: 5)
    #expect(bridge.deadline == 5 + patience)
    bridge.advance(&snoop.registers, now: 4 + patience)
    #expect(bridge.waitingCodes == 3)
    bridge.advance(&snoop.registers, now: 5 + patience)
    #expect(bridge.waitingCodes == 0)
    #expect(bridge.deadline == nil)
    #expect(snoop.registers.read(0x94, width: 4) == 4)
  }

  /// A slow BMC is not one that does not look.
  @Test func aBMCThatTakesACodeHasAllTheTimeForTheNextOne() {
    let patience = PostCodeBridge.patience
    var snoop = Snoop()
    var bridge = PostCodeBridge()
    for code in UInt8(1)...3 { bridge.postCode(code, now: 0) }
    bridge.advance(&snoop.registers, now: 0)
    for time in [patience - 1, 2 * patience - 2] {
      while !snoop.step() {}
      bridge.advance(&snoop.registers, now: time)
    }
    while !snoop.step() {}
    #expect(snoop.codes == [1, 2, 3])
    #expect(bridge.deadline == nil)
  }

  @Test func aFIFOHoldsAsManyAsItHasRoomFor() {
    var fifo = FIFO()
    var bridge = PostCodeBridge()
    for code in UInt8(0)...16 { bridge.postCode(code, now: 0) }
    bridge.advance(&fifo.registers, now: 0)
    #expect(bridge.waitingCodes == 1)
    while !fifo.step() { bridge.advance(&fifo.registers, now: 1) }
    #expect(fifo.codes == Array(0...16))
  }

  /// The last words of a host that ends are not lost because the BMC was slow to take the first.
  @Test func asManyCodesWaitAsThereIsRoomFor() {
    var snoop = Snoop()
    var bridge = PostCodeBridge()
    for code in 0..<UInt8(PostCodeBridge.capacity) {
      let isTaken = bridge.postCode(code, now: 0)
      #expect(isTaken)
    }
    #expect(bridge.acceptableCodes == 0)
    let isTaken = bridge.postCode(0xFF, now: 0)
    #expect(!isTaken)
    bridge.advance(&snoop.registers, now: 0)
    #expect(bridge.acceptableCodes == 1)
    while snoop.interrupt {
      while !snoop.step() {}
      bridge.advance(&snoop.registers, now: 0)
    }
    #expect(snoop.codes == Array(0..<UInt8(PostCodeBridge.capacity)))
  }

  @Test func theCodesThatWaitAreSaved() {
    var snoop = Snoop()
    var bridge = PostCodeBridge()
    for code in UInt8(1)...5 { bridge.postCode(code, now: 0) }
    bridge.advance(&snoop.registers, now: 0)
    var other = PostCodeBridge()
    let bytes = StateBytes(saving: bridge, now: 400).bytes
    let isGood = StateBytes.restore(&other, from: bytes, now: 1000)
    #expect(isGood)
    #expect(other.deadline == 600 + PostCodeBridge.patience)
    while snoop.interrupt {
      while !snoop.step() {}
      other.advance(&snoop.registers, now: 1000)
    }
    #expect(snoop.codes == [1, 2, 3, 4, 5])
  }

  @Test func codesWithoutADeadlineAreNoSavedState() {
    var bridge = PostCodeBridge()
    let nothing = StateBytes(saving: bridge).bytes
    bridge.postCode(1, now: 0)
    var bytes = StateBytes(saving: bridge).bytes
    bytes.replaceSubrange(bytes.count - 8..<bytes.count, with: nothing.suffix(8))
    let isGood = StateBytes.restore(&bridge, from: bytes)
    #expect(!isGood)
  }

  @Test func whatNobodyWatchesGoesByAtOnce() {
    var bridge = PostCodeBridge(port: 0x81)
    var fifo = FIFO()
    var snoop = Snoop()
    for code in UInt8.min...UInt8.max {
      bridge.postCode(code, now: 0)
      bridge.advance(&fifo.registers, now: 0)
      #expect(bridge.waitingCodes == 0)
      bridge.postCode(code, now: 0)
      bridge.advance(&snoop.registers, now: 0)
      #expect(bridge.waitingCodes == 0)
    }
    #expect(!fifo.interrupt)
    #expect(!snoop.interrupt)
  }
}
