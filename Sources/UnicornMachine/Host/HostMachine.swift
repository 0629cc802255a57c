import CUnicorn

/// A host: an x86-64 processor of Unicorn in long mode, RAM, COM1, a timer, a clock, and the bus.
///
/// | Port      | Device                                                                  |
/// |----------:|-------------------------------------------------------------------------|
/// | 40h, 43h  | ``IntervalTimer``                                                       |
/// | 70h, 71h  | ``RealTimeClock``                                                       |
/// | F4h       | The program's end, as of QEMU's isa-debug-exit: AAh is good             |
/// | 3F8h–3FFh | COM1, which sends at once                                               |
/// | others    | the bus: KCS, BT, POST codes                                            |
///
/// Entered at the image's symbol `_start64`, or else at its entry, with the command line in RDI. HLT
/// ends the program, for nothing interrupts it. No instruction may ask for the real time: RDTSC does.
@safe final class HostMachine: HostProcessor {
  private let image: ELFImage
  private let engine: Engine
  private let memory: Memory
  private unowned let bus: any PortBus
  private var timer = IntervalTimer()
  private var clock = RealTimeClock()
  private var output: [UInt8] = []
  private var startCount: UInt64 = 0
  /// Nanoseconds of bus cycles, and in which it was held.
  private var otherTime: UInt64 = 0
  /// Where the present run ends.
  private var runEnd: UInt64 = 0
  private(set) var end: HostEnd?

  static let memorySize = 16 << 20
  /// Nanoseconds of an instruction.
  static let instructionTime: UInt64 = 1
  private static let commandLineAddress: UInt64 = 0x8000

  private let commandLine: [UInt8]

  init(_ image: ELFImage, commandLine: String, on bus: any PortBus) throws {
    guard image.machine == .amd64 else {
      throw MachineError("the host's program is not for an x86-64 processor")
    }
    self.image = image
    self.bus = bus
    self.commandLine = Array(commandLine.utf8.prefix(1000)) + [0]
    engine = try Engine(
      UC_ARCH_X86, UC_MODE_64, model: Int32(UC_CPU_X86_QEMU64.rawValue),
      programCounter: Int32(UC_X86_REG_RIP.rawValue))
    memory = try Memory(size: Self.memorySize)
    try engine.map(memory, at: 0)
    try load()
    let user = unsafe Unmanaged.passUnretained(self).toOpaque()
    try unsafe Engine.check(
      cunicorn_hook_ports(
        engine.handle,
        { _, port, width, user in
          unsafe Unmanaged<HostMachine>.fromOpaque(user!).takeUnretainedValue()
            .input(UInt16(truncatingIfNeeded: port), width: Int(width))
        },
        { _, port, width, value, user in
          unsafe Unmanaged<HostMachine>.fromOpaque(user!).takeUnretainedValue()
            .output(value, to: UInt16(truncatingIfNeeded: port), width: Int(width))
        }, user), "take port I/O")
    engine.setCode(start: image.code.lowerBound, size: UInt64(image.code.count))
    engine[UC_X86_REG_RIP] = image.symbol("_start64") ?? image.entry
    engine[UC_X86_REG_RDI] = commandLine.isEmpty ? 0 : Self.commandLineAddress
    try engine.keepAsReset()
  }

  private func load() throws {
    memory.clear()
    for segment in image.segments {
      guard segment.address < UInt64(Self.memorySize),
        segment.size <= UInt64(Self.memorySize) - segment.address
      else {
        throw MachineError(
          "the host's program has something at \(hexadecimal(segment.address)): its RAM is "
            + "from 0 to \(hexadecimal(UInt64(Self.memorySize - 1)))")
      }
      memory.store(segment.data, at: Int(segment.address))
    }
    memory.store(commandLine[...], at: Int(Self.commandLineAddress))
  }

  var executed: UInt64 { engine.executed - startCount }
  var now: UInt64 { executed * Self.instructionTime + otherTime }
  var wakeTime: UInt64 { end == nil ? now : .max }

  func run(until end: UInt64) throws {
    runEnd = end
    while now < end, self.end == nil {
      let stop = engine.run(
        from: engine[UC_X86_REG_RIP], instructions: (end - now) / Self.instructionTime)
      switch stop {
      case .budget: break
      case .halted: self.end = .bad("its processor halted")
      case .failed(let error):
        let place = hexadecimal(engine[UC_X86_REG_RIP])
        self.end = unsafe .bad(
          "its processor stopped at \(place): \(String(cString: uc_strerror(error)))")
      }
    }
    stall(until: end)
  }

  func stall(until end: UInt64) { otherTime += end > now ? end - now : 0 }

  func reset() throws {
    let isUnchanged = image.codeIsUnchanged(in: memory, base: 0)
    try load()
    try engine.resetProcessor(codeIsUnchanged: isUnchanged)
    timer = IntervalTimer()
    clock = RealTimeClock()
    end = nil
  }

  /// Its program decides when to give up.
  func abort() {}

  func powerCycle() throws {
    try reset()
    output.removeAll()
    startCount = engine.executed
    otherTime = 0
  }

  /// Takes what it has written to COM1 since the last call.
  func takeOutput() -> [UInt8] {
    defer { output.removeAll(keepingCapacity: true) }
    return output
  }

  // MARK: Ports

  private func input(_ port: UInt16, width: Int) -> UInt32 {
    var result: UInt32 = 0
    for index in 0..<min(width, 4) {
      result |= UInt32(readByte(port &+ UInt16(index))) << UInt32(index * 8)
    }
    return result
  }

  private func output(_ value: UInt32, to port: UInt16, width: Int) {
    for index in 0..<min(width, 4) {
      writeByte(UInt8(truncatingIfNeeded: value >> UInt32(index * 8)), to: port &+ UInt16(index))
    }
  }

  private func readByte(_ port: UInt16) -> UInt8 {
    defer { spendCycle() }
    return switch port {
    case 0x40: timer.read(at: now)
    case 0x70, 0x71: clock.read(port, at: now)
    // Transmitter empty.
    case 0x3FD: 0x60
    case 0x3F8...0x3FF: 0
    default: bus.read(port, at: now)
    }
  }

  private func writeByte(_ value: UInt8, to port: UInt16) {
    defer { spendCycle() }
    switch port {
    case 0x40...0x43: timer.write(value, to: port, at: now)
    case 0x70, 0x71: clock.write(value, to: port)
    case 0x3F8: output.append(value)
    case 0x3F9...0x3FF: break
    case 0xF4:
      end =
        value == 0xAA
        ? .good : .bad("its program ended with \(hexadecimal(UInt64(value), digits: 2))h")
      engine.stop()
    default: bus.write(value, to: port, at: now)
    }
  }

  private func spendCycle() {
    otherTime += busCycle
    let rest = runEnd > now ? runEnd - now : 0
    engine.stop(after: rest / Self.instructionTime)
  }
}
