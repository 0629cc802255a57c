import BMCPeripherals
import CUnicorn
import SystemInterfaces

/// A BMC: an ARM processor of Unicorn, RAM, and the devices of a board.
///
/// Time is virtual: each instruction takes the same, and a processor that sleeps goes to the next
/// thing that happens. Belongs to one thread at a time.
@safe final class ARMMachine {
  let board: BMCBoard
  private let engine: Engine
  private let memory: Memory
  /// At 0, empty: Unicorn 2.0 fetches by an address that the MMU translates only where there is
  /// memory at the address itself.
  private let flash: Memory?
  private let image: ELFImage
  private let deviceTree: [UInt8]?
  private var windows: [Window] = []
  private(set) var devices: Devices
  /// Nanoseconds in which no instruction was executed.
  private var idleTime: UInt64 = 0
  private var startCount: UInt64 = 0
  private var isSleeping = false
  private var interruptWasHigh = false
  /// An exception that an instruction has caused, and the address it could not reach.
  private var pendingException: ARMException?
  private var faultAddress: UInt32 = 0
  /// Instructions of the generic timer in the image.
  private var timerInstructions: [UInt64: GenericTimer.Instruction] = [:]

  /// Is told of each access to the host interface.
  var observer: ((Access) -> Void)?
  /// Is told when the part resets itself.
  var onReset: (() -> Void)?

  /// An access of the processor to a register of the host interface.
  struct Access: Sendable {
    var time: UInt64
    var isLoad: Bool
    var address: UInt64
    var width: Int
    var value: UInt64
  }

  /// A range of addresses, which is what Unicorn's callbacks are given.
  private final class Window {
    unowned let machine: ARMMachine
    let base: UInt64

    init(_ machine: ARMMachine, _ base: UInt64) {
      self.machine = machine
      self.base = base
    }
  }

  /// - Parameters:
  ///   - image: What is in RAM; entered at its entry.
  ///   - deviceTree: Put to the end of RAM, and announced as to a kernel: r1 FFFFFFFFh, r2 its
  ///     address.
  init(_ board: BMCBoard, _ image: ELFImage, deviceTree: [UInt8]? = nil) throws {
    guard image.machine == .arm else {
      throw MachineError("the firmware is not for an ARM processor, as \(board.name) has one")
    }
    self.board = board
    self.image = image
    self.deviceTree = deviceTree
    devices = Devices(board, HostInterface(board.soc))
    engine = try Engine(
      UC_ARCH_ARM, UC_MODE_ARM, model: board.model, programCounter: Int32(UC_ARM_REG_PC.rawValue))
    memory = try Memory(size: board.ramSize)
    flash = board.ramBase == 0 ? nil : try Memory(size: 1 << 20)
    try engine.map(memory, at: board.ramBase)
    if let flash { try engine.map(flash, at: 0) }
    for window in board.windows { try map(window) }
    try hook()
    try load()
    engine.setCode(start: image.code.lowerBound, size: UInt64(image.code.count))
    engine[UC_ARM_REG_CPSR] = 0x1D3
    engine[UC_ARM_REG_PC] = UInt32(truncatingIfNeeded: image.entry)
    if deviceTree != nil {
      engine[UC_ARM_REG_R1] = .max
      engine[UC_ARM_REG_R2] = UInt32(truncatingIfNeeded: deviceTreeAddress)
    }
    try engine.keepAsReset()
  }

  private func map(_ place: (base: UInt64, size: Int)) throws {
    let window = Window(self, place.base)
    windows.append(window)
    try unsafe engine.map(
      registersAt: place.base, size: place.size,
      read: { _, offset, width, user in
        let window = unsafe Unmanaged<Window>.fromOpaque(user!).takeUnretainedValue()
        return window.machine.load(window.base + offset, width: Int(width))
      },
      write: { _, offset, width, value, user in
        let window = unsafe Unmanaged<Window>.fromOpaque(user!).takeUnretainedValue()
        window.machine.store(value, to: window.base + offset, width: Int(width))
      }, user: Unmanaged.passUnretained(window).toOpaque())
  }

  private func hook() throws {
    let user = unsafe Unmanaged.passUnretained(self).toOpaque()
    try unsafe Engine.check(
      cunicorn_hook_exception(
        engine.handle,
        { _, number, user in
          unsafe Unmanaged<ARMMachine>.fromOpaque(user!).takeUnretainedValue().caught(number)
        }, user), "watch exceptions")
    try unsafe Engine.check(
      cunicorn_hook_unmapped(
        engine.handle,
        { _, kind, address, _, _, user in
          unsafe Unmanaged<ARMMachine>.fromOpaque(user!).takeUnretainedValue()
            .missed(kind, address)
          return false
        }, user), "watch accesses")
    guard case .generic = board.timer else { return }
    for segment in image.segments where segment.isExecutable {
      for offset in stride(from: 0, to: segment.data.count - 3, by: 4) {
        let start = segment.data.startIndex + offset
        let word = segment.data[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        guard let instruction = GenericTimer.Instruction(word) else { continue }
        let address = segment.address + UInt64(offset)
        timerInstructions[address] = instruction
        try unsafe Engine.check(
          cunicorn_hook_address(
            engine.handle, address,
            { _, address, _, user in
              unsafe Unmanaged<ARMMachine>.fromOpaque(user!).takeUnretainedValue()
                .executeTimerInstruction(at: address)
            }, user), "take the timer's instructions")
      }
    }
  }

  private var deviceTreeAddress: UInt64 {
    board.ramBase + UInt64(board.ramSize - (deviceTree?.count ?? 0)) & ~0xFFF
  }

  /// Puts the image into RAM, and nothing else.
  private func load() throws {
    memory.clear()
    for segment in image.segments {
      let offset = segment.address &- board.ramBase
      guard offset < UInt64(board.ramSize), segment.size <= UInt64(board.ramSize) - offset else {
        throw MachineError(
          "the firmware has something at \(hexadecimal(segment.address)), where \(board.name) "
            + "has no RAM: that is from \(hexadecimal(board.ramBase)) on")
      }
      memory.store(segment.data, at: Int(offset))
    }
    if let deviceTree {
      memory.store(deviceTree[...], at: Int(deviceTreeAddress - board.ramBase))
    }
  }

  // MARK: Time

  /// Instructions executed since power-on.
  var executed: UInt64 { engine.executed - startCount }

  /// Nanoseconds since power-on.
  var now: UInt64 { executed * board.instructionTime + idleTime }

  /// Whether the processor sleeps, and nothing wakes it before the next deadline.
  var isIdle: Bool { isSleeping && !devices.interrupt && !devices.fastInterrupt }

  /// When something happens by itself next, in nanoseconds.
  var deadline: UInt64? { devices.deadline(after: now) }

  /// Runs to `end` at least, and less than one instruction further.
  func run(until end: UInt64) throws {
    while now < end {
      devices.settle(at: now)
      if devices.isReset(at: now) {
        try reset()
        onReset?()
        continue
      }
      let masks = takeInterrupts()
      let isPending = devices.interrupt || devices.fastInterrupt
      let next = max(min(end, deadline ?? .max), now + 1)
      if isSleeping, !isPending {
        idleTime += next - now
        continue
      }
      isSleeping = false
      var count = (next - now + board.instructionTime - 1) / board.instructionTime
      // The processor cannot be seen to unmask what waits, so that it is looked at often.
      if isPending, masks { count = min(count, 64) }
      interruptWasHigh = isPending
      try execute(count)
    }
    devices.settle(at: now)
  }

  /// Passes time in which the processor is held.
  func stall(until end: UInt64) {
    if end > now { idleTime += end - now }
  }

  /// Takes what is pending and not masked; whether something is masked.
  private func takeInterrupts() -> Bool {
    guard devices.interrupt || devices.fastInterrupt else { return false }
    let state = engine[UC_ARM_REG_CPSR]
    if devices.fastInterrupt, state & CPSR.fastInterruptMask == 0 {
      enter(.fastInterrupt)
    } else if devices.interrupt, state & CPSR.interruptMask == 0 {
      enter(.interrupt)
    }
    return true
  }

  private func enter(_ exception: ARMException) {
    isSleeping = false
    // So that time goes on where a vector causes an exception, too.
    idleTime += board.instructionTime
    engine.enter(exception, vectors: engine.vectorBase(hasVectorBase: board.hasVectorBase))
  }

  private func execute(_ count: UInt64) throws {
    let isThumb = engine[UC_ARM_REG_CPSR] & CPSR.thumb != 0
    let address = engine[UC_ARM_REG_PC] | (isThumb ? 1 : 0)
    let stop = engine.run(from: UInt64(address), instructions: count)
    if case .failed(let error) = stop, pendingException == nil {
      guard error == UC_ERR_INSN_INVALID || error == UC_ERR_EXCEPTION else {
        throw unsafe MachineError(
          "the BMC's processor stopped at \(hexadecimal(UInt64(engine[UC_ARM_REG_PC]))): "
            + String(cString: uc_strerror(error)))
      }
      pendingException = .undefinedInstruction
    }
    if let exception = pendingException {
      pendingException = nil
      if case .dataAbort = exception {
        unsafe cunicorn_write_cp15(engine.handle, 6, 0, 0, 0, faultAddress)
      }
      enter(exception)
    } else if case .halted = stop {
      isSleeping = true
    }
  }

  /// Resets the part: processor, RAM and devices; the host interface stays as it is.
  func reset() throws {
    let isUnchanged = image.codeIsUnchanged(in: memory, base: board.ramBase)
    try load()
    try engine.resetProcessor(codeIsUnchanged: isUnchanged)
    devices = Devices(board, devices.hostInterface)
    isSleeping = false
    pendingException = nil
  }

  /// Switches the part off and on: all is as it was when the machine was made, its time included.
  func powerCycle() throws {
    devices.hostInterface = HostInterface(board.soc)
    try reset()
    startCount = engine.executed
    idleTime = 0
  }

  // MARK: What instructions do

  private func load(_ address: UInt64, width: Int) -> UInt64 {
    let value = devices.load(address, width: width, now: now)
    record(true, address, width, value)
    return value
  }

  private func store(_ value: UInt64, to address: UInt64, width: Int) {
    devices.store(value, to: address, width: width, now: now)
    record(false, address, width, value)
  }

  private func record(_ isLoad: Bool, _ address: UInt64, _ width: Int, _ value: UInt64) {
    if devices.isHostInterface(address) {
      observer?(
        Access(time: now, isLoad: isLoad, address: address, width: width, value: value))
    }
    settle()
  }

  /// Ends the run where an interrupt comes up, or what was to happen next has changed.
  private func settle() {
    devices.settle(at: now)
    if !interruptWasHigh, devices.interrupt || devices.fastInterrupt { engine.stop() }
    if let deadline {
      let distance = deadline > now ? deadline - now : 0
      engine.stop(after: (distance + board.instructionTime - 1) / board.instructionTime)
    }
  }

  private func executeTimerInstruction(at address: UInt64) {
    guard let instruction = timerInstructions[address] else { return }
    var value: UInt64 = 0
    if !instruction.isLoad {
      value = UInt64(engine[.general(instruction.low)])
      if let high = instruction.high { value |= UInt64(engine[.general(high)]) << 32 }
    }
    value = devices.execute(instruction, value, now: now)
    if instruction.isLoad {
      engine[.general(instruction.low)] = UInt32(truncatingIfNeeded: value)
      if let high = instruction.high {
        engine[.general(high)] = UInt32(truncatingIfNeeded: value >> 32)
      }
    }
    settle()
    engine[UC_ARM_REG_PC] = UInt32(truncatingIfNeeded: address) &+ 4
  }

  /// An exception by its number in QEMU's `target/arm/cpu.h`.
  private func caught(_ number: UInt32) {
    switch number {
    case 2: pendingException = .supervisorCall
    case 3, 7: pendingException = .prefetchAbort
    case 4: pendingException = .dataAbort
    default: pendingException = .undefinedInstruction
    }
    unsafe uc_emu_stop(engine.handle)
  }

  private func missed(_ kind: uc_mem_type, _ address: UInt64) {
    let isFetch = kind == UC_MEM_FETCH_UNMAPPED || kind == UC_MEM_FETCH_PROT
    pendingException = isFetch ? .prefetchAbort : .dataAbort
    faultAddress = UInt32(truncatingIfNeeded: address)
  }

  // MARK: The host's side

  /// The host reads an I/O port; `nil` where nothing here answers.
  func hostRead(port: UInt16) -> UInt8? {
    defer { devices.settle(at: now) }
    return devices.hostInterface.hostRead(port: port)
  }

  /// The host writes an I/O port.
  func hostWrite(_ value: UInt8, port: UInt16) {
    devices.hostInterface.hostWrite(value, port: port)
    devices.settle(at: now)
  }

  /// Lets somebody look at the channels.
  func withHostInterface<Result>(_ body: (inout HostInterface) -> Result) -> Result {
    body(&devices.hostInterface)
  }

  /// KCS channel `number` is about to get a host that is a state machine.
  func switchOnHost(ofChannel number: Int) {
    devices.hostInterface.switchOnHost(ofChannel: number)
  }

  /// Lets such a host act; see `HostInterfaceModule`.
  func withHost(ofChannel number: Int, _ host: (inout KCSChannel) -> Bool) {
    devices.hostInterface.withHost(ofChannel: number, host)
    devices.settle(at: now)
  }

  /// The word of RAM at a physical address; `nil` where there is none.
  func word(at address: UInt32) -> UInt32? { memory.word(at: Int(address) - Int(board.ramBase)) }

  /// Takes what the firmware has written to its console since the last call.
  func takeOutput() -> [UInt8] { devices.console.takeOutput() }
}

extension uc_arm_reg {
  /// r0 to r14.
  fileprivate static func general(_ number: UInt32) -> uc_arm_reg {
    switch number {
    case 13: UC_ARM_REG_SP
    case 14: UC_ARM_REG_LR
    default: uc_arm_reg(rawValue: UC_ARM_REG_R0.rawValue + number)
    }
  }
}
