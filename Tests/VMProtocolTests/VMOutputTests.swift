import IPMI
import TestSupport
import Testing
import VMProtocol

@Suite struct VMOutputTests {
  /// A queue whose oldest byte is at `head` and that holds `count` bytes, at least one.
  static func queue<let capacity: Int>(
    head: Int, count: Int, _: VMOutput<capacity>.Type
  ) -> (VMOutput<capacity>, [UInt8]) {
    var output = VMOutput<capacity>()
    var model: [UInt8] = []
    // Frames of two and three bytes add up to any length but one.
    var missing = head + count
    while missing > 0 {
      let argument: UInt8? = missing == 3 ? 0x33 : nil
      guard output.append(control: .nmi, argument: argument) else { break }
      model += argument == nil ? [0x07, 0xA1] : [0x07, 0x33, 0xA1]
      missing -= argument == nil ? 2 : 3
    }
    output.removeFirst(head)
    return (output, Array(model.dropFirst(head)))
  }

  /// Moved in runs of any size, every layout gives its bytes in order, and is empty then.
  @Test func everyLayoutIsMovedInOrder() {
    for head in 0..<16 {
      for count in 1...16 - head where head + count != 1 {
        for size in 1...17 {
          var (output, model) = Self.queue(head: head, count: count, VMOutput<16>.self)
          #expect(output.append(control: .reset) == (count <= 14))
          if count <= 14 { model += hex("04 A1") }
          var moved: [UInt8] = []
          while !output.isEmpty {
            moved += unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
              let bytes = UnsafeMutableRawBufferPointer(buffer)
              var span = unsafe OutputRawSpan(buffer: bytes, initializedCount: 0)
              output.move(to: &span)
              initialized = unsafe span.finalize(for: bytes)
            }
          }
          #expect(moved == model, "head \(head), count \(count), runs of \(size)")
        }
      }
    }
  }

  @Test func everyLayoutTakesExactlyTheFramesThatFit() {
    let frames: [(VMEvent, [UInt8])] = [
      (.control(.reset, argument: nil), hex("04 A1")),
      (.control(.version, argument: 1), hex("FF 01 A1")),
      (.control(.version, argument: 0xAA), hex("FF AA BA A1")),
      (.control(.init(rawValue: 0xA0), argument: 0xA1), hex("AA B0 AA B1 A1")),
      (.message(id: 0, Message(.getDeviceID)), hex("00 18 01 E7 A0")),
      (.message(id: 1, message(hex("18 2E 0F"))), hex("01 18 2E 0F AA BA A0")),
      (.message(id: 0xA1, message(hex("A0 AA"))), wire(id: 0xA1, hex("A0 AA"))),
    ]
    for head in 0..<16 {
      for count in 1...16 - head where head + count != 1 {
        for (event, bytes) in frames {
          var (output, model) = Self.queue(head: head, count: count, VMOutput<16>.self)
          #expect(contents(of: output) == model)
          let fits =
            switch event {
            case .message(let id, let message): output.append(id: id, message: message)
            case .control(let code, let argument): output.append(control: code, argument: argument)
            case .rejected: false
            }
          #expect(fits == (bytes.count <= 16 - count))
          if fits { model += bytes }
          #expect(contents(of: output) == model)
          #expect(output.count == model.count)
          #expect(output.free == 16 - model.count)
        }
      }
    }
  }

  @Test func theLargestFrameFitsWhereItsSizeIsFree() {
    // So many A1h that the checksum becomes A0h: every byte of the frame is escaped.
    let bytes = [UInt8](repeating: 0xA1, count: 64) + [UInt8](repeating: 0xA0, count: 236)
    let frame = wire(id: 0xA0, bytes)
    #expect(frame.count == VMFrame.encodedCapacity)
    #expect(VMFrame.encodedCapacity == 605)
    var exact = VMOutput<605>()
    let fits = exact.append(id: 0xA0, message: message(bytes))
    #expect(fits)
    #expect(exact.free == 0)
    #expect(contents(of: exact) == frame)
    var small = VMOutput<604>()
    let tooLarge = small.append(id: 0xA0, message: message(bytes))
    #expect(!tooLarge)
    #expect(small.isEmpty)
    var decoder = VMDecoder(role: .vm)
    #expect(decoder.events(frame) == [.message(id: 0xA0, message(bytes))])
  }

  @Test func aCopyTakesWhatFitsAndLeavesIt() {
    for head in 0..<8 {
      for size in 0...8 - head where head + size != 1 {
        var (output, model) = Self.queue(head: head, count: size, VMOutput<8>.self)
        var chunk: FixedBytes<4> = [9, 9, 9]
        output.copy(into: &chunk)
        #expect((0..<chunk.count).map { chunk[$0] } == Array(model.prefix(4)))
        #expect(output.count == size)
      }
    }
  }

  @Test func aNewConnectionInheritsNothing() {
    var (output, _) = Self.queue(head: 3, count: 5, VMOutput<8>.self)
    output.removeAll()
    #expect(output.isEmpty)
    #expect(output.free == 8)
    #expect(contents(of: output) == [])
  }

  /// Random appends and partial writes beside an array.
  static func run<let capacity: Int>(_: VMOutput<capacity>.Type, seed: UInt64, steps: Int) {
    var generator = SplitMix64(seed: seed)
    var output = VMOutput<capacity>()
    var model: [UInt8] = []
    for step in 0..<steps {
      switch Int.random(in: 0..<100, using: &generator) {
      case 0:
        output.removeAll()
        model = []
      case 1..<30:
        let id = UInt8.random(in: 0...255, using: &generator)
        let bytes = RandomStreamTests.randomMessage(using: &generator)
        let frame = wire(id: id, bytes)
        let fits = output.append(id: id, message: message(bytes))
        #expect(fits == (model.count + frame.count <= capacity), "seed \(seed), step \(step)")
        if fits { model += frame }
      case 30..<50:
        let raw = RandomStreamTests.noise(2, rarity: 2, using: &generator)
        let frame = wire(raw: raw, terminator: 0xA1)
        let fits = output.append(control: .init(rawValue: raw[0]), argument: raw[1])
        #expect(fits == (model.count + frame.count <= capacity), "seed \(seed), step \(step)")
        if fits { model += frame }
      default:
        // A partial write, on average of less than was added.
        let written = Int.random(in: 0...min(output.count, 64), using: &generator)
        output.removeFirst(written)
        model.removeFirst(written)
      }
      #expect(output.count == model.count, "seed \(seed), step \(step)")
      #expect(contents(of: output) == model, "seed \(seed), step \(step)")
    }
  }

  @Test(arguments: UInt64(31)...33) func behavesAsAnArray(seed: UInt64) {
    Self.run(VMOutput<7>.self, seed: seed, steps: 1_000)
    Self.run(VMOutput<64>.self, seed: seed, steps: 1_000)
    Self.run(VMOutput<605>.self, seed: seed, steps: 1_000)
    Self.run(VMOutput<2048>.self, seed: seed, steps: 1_000)
  }
}
