import BMCPeripherals

/// All devices of a board: what the processor's accesses reach, and what interrupts it.
struct Devices {
  private let placements: [BMCBoard.Placement]
  private var files: [RegisterFile] = []
  private var gic = GIC()
  private var vic = AspeedVIC()
  private let hasGIC: Bool
  var console = UART16550()
  private var timer: Timer
  private var watchdog: Watchdog
  var hostInterface: HostInterface

  private let consoleLine: Int
  private let timerLines: [Int]
  private let hostLines: [(number: Int, sources: UInt8)]

  /// The board's timer that interrupts.
  private enum Timer: Sendable {
    case global(GlobalTimer)
    case generic(GenericTimer)
    case aspeed(AspeedTimer)
  }

  /// The devices out of reset; the host interface as it is.
  init(_ board: BMCBoard, _ hostInterface: HostInterface) {
    self.hostInterface = hostInterface
    hasGIC = board.hasGIC
    switch board.timer {
    case .global(let period): timer = .global(GlobalTimer(period: period))
    case .generic(let period): timer = .generic(GenericTimer(period: period))
    case .aspeed: timer = .aspeed(AspeedTimer())
    }
    if case .npcm7xx = board.soc.module {
      watchdog = .npcm7xx(NPCM7xxWatchdog())
    } else {
      watchdog = .aspeed(AspeedWatchdog())
    }
    consoleLine = board.consoleLine
    timerLines = board.timerLines
    hostLines = board.soc.interruptLines.map {
      (board.firstSharedLine + $0.number, $0.sources)
    }
    placements =
      [BMCBoard.Placement(base: board.soc.base, size: Int(board.soc.size), device: .hostInterface)]
      + board.devices
    files = placements.map {
      guard case .registers(let fixed) = $0.device else { return RegisterFile(size: 0) }
      return RegisterFile(size: $0.size, fixed: fixed)
    }
  }

  // MARK: Accesses

  /// Whether `address` is one of the host interface.
  func isHostInterface(_ address: UInt64) -> Bool {
    address &- placements[0].base < UInt64(placements[0].size)
  }

  /// A load; what is nowhere reads 0.
  mutating func load(_ address: UInt64, width: Int, now: UInt64) -> UInt64 {
    for index in placements.indices {
      let (distance, size) = (address &- placements[index].base, placements[index].size)
      guard distance < UInt64(size) else { continue }
      let offset = Int(distance)
      switch placements[index].device {
      case .hostInterface: return hostInterface.read(offset, width: width)
      case .console: return console.load(offset, width: width, now: now)
      case .watchdog: return watchdog.load(offset, width: width, now: now)
      case .vectoredController: return vic.load(offset, width: width, now: now)
      case .registers: return files[index].load(offset, width: width, now: now)
      case .distributor:
        return part(gic.readDistributor(offset & ~3), of: offset, width: width)
      case .processorInterface:
        return part(gic.readProcessor(offset & ~3), of: offset, width: width)
      case .timer: return loadTimer(offset, width: width, now: now)
      }
    }
    return 0
  }

  /// A store; what is nowhere loses it.
  mutating func store(_ value: UInt64, to address: UInt64, width: Int, now: UInt64) {
    for index in placements.indices {
      let (distance, size) = (address &- placements[index].base, placements[index].size)
      guard distance < UInt64(size) else { continue }
      let offset = Int(distance)
      switch placements[index].device {
      case .hostInterface: hostInterface.write(value, to: offset, width: width)
      case .console: console.store(value, to: offset, width: width, now: now)
      case .watchdog: watchdog.store(value, to: offset, width: width, now: now)
      case .vectoredController: vic.store(value, to: offset, width: width, now: now)
      case .registers: files[index].store(value, to: offset, width: width, now: now)
      case .distributor:
        let (word, mask) = lanes(value, at: offset, width: width)
        gic.writeDistributor(word, to: offset & ~3, mask: mask)
      case .processorInterface:
        gic.writeProcessor(UInt32(truncatingIfNeeded: value), to: offset & ~3)
      case .timer: storeTimer(value, to: offset, width: width, now: now)
      }
      return
    }
  }

  private func part(_ word: UInt32, of offset: Int, width: Int) -> UInt64 {
    guard (offset & 3) + width <= 4 else { return 0 }
    let part = word >> UInt32((offset & 3) * 8)
    return UInt64(part & (UInt32.max >> UInt32(32 - width * 8)))
  }

  private func lanes(_ value: UInt64, at offset: Int, width: Int) -> (UInt32, mask: UInt32) {
    guard (offset & 3) + width <= 4 else { return (0, 0) }
    let shift = UInt32((offset & 3) * 8)
    let mask = (UInt32.max >> UInt32(32 - width * 8)) << shift
    return (UInt32(truncatingIfNeeded: value) << shift & mask, mask)
  }

  private mutating func loadTimer(_ offset: Int, width: Int, now: UInt64) -> UInt64 {
    switch timer {
    case .global(var device):
      defer { timer = .global(device) }
      return device.load(offset, width: width, now: now)
    case .aspeed(var device):
      defer { timer = .aspeed(device) }
      return device.load(offset, width: width, now: now)
    case .generic: return 0
    }
  }

  private mutating func storeTimer(_ value: UInt64, to offset: Int, width: Int, now: UInt64) {
    switch timer {
    case .global(var device):
      device.store(value, to: offset, width: width, now: now)
      timer = .global(device)
    case .aspeed(var device):
      device.store(value, to: offset, width: width, now: now)
      timer = .aspeed(device)
    case .generic: break
    }
  }

  /// Takes an instruction of the generic timer, see ``GenericTimer/execute(_:_:now:)``.
  mutating func execute(
    _ instruction: GenericTimer.Instruction, _ value: UInt64, now: UInt64
  ) -> UInt64 {
    guard case .generic(var device) = timer else { return 0 }
    defer { timer = .generic(device) }
    return device.execute(instruction, value, now: now)
  }

  // MARK: Time and interrupts

  /// When something happens by itself next, in nanoseconds.
  func deadline(after now: UInt64) -> UInt64? {
    let timer: UInt64? =
      switch timer {
      case .global(let device): device.deadline
      case .generic(let device): device.deadline(after: now)
      case .aspeed(let device): device.deadline
      }
    guard let reset = watchdog.deadline else { return timer }
    return min(timer ?? .max, reset)
  }

  /// Whether a watchdog resets the part.
  func isReset(at now: UInt64) -> Bool { (watchdog.deadline ?? .max) <= now }

  /// Goes to `now`, and drives the inputs of the interrupt controller.
  mutating func settle(at now: UInt64) {
    switch timer {
    case .global(var device):
      device.advance(to: now)
      drive(timerLines[0], device.interrupt)
      timer = .global(device)
    case .generic(let device):
      for index in 0..<2 { drive(timerLines[index], device.interrupt(index, at: now)) }
    case .aspeed(var device):
      let edges = device.advance(to: now)
      for index in 0..<8 where edges >> UInt8(index) & 1 != 0 {
        drive(timerLines[index], true)
        drive(timerLines[index], false)
      }
      timer = .aspeed(device)
    }
    drive(consoleLine, console.interrupt)
    let sources = hostInterface.interruptSources
    for line in hostLines { drive(line.number, line.sources & sources != 0) }
  }

  private mutating func drive(_ line: Int, _ isHigh: Bool) {
    if hasGIC { gic.setLevel(line, isHigh) } else { vic.setLevel(line, isHigh) }
  }

  /// Level of the processor's IRQ input.
  var interrupt: Bool { hasGIC ? gic.interrupt : vic.interrupt }
  /// Level of the processor's FIQ input.
  var fastInterrupt: Bool { hasGIC ? false : vic.fastInterrupt }
}
