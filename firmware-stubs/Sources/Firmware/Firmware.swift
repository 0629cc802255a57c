import CBoard
import IPMI
import ManagementController
import SystemInterfaces

/// The firmware of a BMC: a management controller behind the KCS channels of a board.
///
/// All work is done in the interrupt handler, one interrupt after the other, and the processor
/// sleeps in between. So nothing is shared between two flows of control and nothing needs masking;
/// a request is answered in microseconds, and KCS makes the host wait for each byte anyway.
public struct Firmware<BoardType: Board> {
  let board: BoardType
  private var controller: ManagementController
  private var links: [4 of KCSLink<BoardType.Port>]
  /// When the once-a-second work is due, in nanoseconds.
  private var nextTick: UInt64 = 0
  /// SMS_ATN as the channels have it.
  private var attention = false
  /// When the BMC restarts, in nanoseconds.
  private var restart: UInt64?

  /// Time between two measurements, in nanoseconds.
  private static var tickInterval: UInt64 { 1_000_000_000 }
  /// Time for the host to read the response to a reset command, in nanoseconds.
  private static var restartDelay: UInt64 { 100_000_000 }

  public init(_ board: BoardType) {
    self.board = board
    controller = ManagementController(board)
    links = .init { KCSLink(port: board.port($0 + 1)) }
  }

  /// Starts everything; afterwards ``handleInterrupt()`` is to be called for each interrupt.
  public mutating func start() {
    let console = board.console
    board.parkOtherCores()
    console.write("ipmi-host-bridge firmware for ")
    console.writeLine(board.name)
    logIdentity()
    board.interrupts.start()
    board.timer.start()
    board.interrupts.enable(board.timer.line)
    board.interrupts.enable(board.input.line)
    for index in 0..<board.portCount {
      let wasOpen = links[index].start()
      board.interrupts.enable(links[index].port.line)
      write(link: index)
      if wasOpen { console.write(" was in a transfer,") }
      console.write(" ready, interrupt ")
      console.write(decimal: links[index].port.line.number)
      console.writeLine()
    }
    finish()
  }

  /// Serves all pending interrupts.
  public mutating func handleInterrupt() {
    while let id = board.interrupts.acknowledge() {
      if id == board.timer.line.id {
        handleAlarm()
      } else if id == board.input.line.id {
        controller.updateVoltage(millivolts: board.input.finishConversion(), now: board.timer.now)
      } else {
        for index in 0..<board.portCount where id == links[index].port.line.id {
          serve(link: index)
        }
      }
      finish()
      board.interrupts.complete(id)
    }
  }

  // MARK: Requests

  /// Takes a byte from the host, and answers if it was the last one of a request.
  private mutating func serve(link index: Int) {
    guard let request = links[index].takeRequest() else { return }
    let response = controller.respond(to: request, now: board.timer.now)
    // Before the response, so that the host finds SMS_ATN as its request left it.
    showAttention()
    links[index].respond(response)
    log(request, response, link: index)
  }

  /// Writes a line such as `KCS1 06 01 Get Device ID -> 00`.
  private func log(_ request: Message, _ response: Message, link index: Int) {
    let console = board.console
    write(link: index)
    console.write(" ")
    console.write(request.netFn.rawValue)
    console.write(" ")
    console.write(request.command.code)
    if let name = request.command.name {
      console.write(" ")
      console.write(name)
    }
    console.write(" -> ")
    console.write((response.completionCode ?? .unspecified).rawValue)
    console.writeLine()
  }

  /// Writes what Get Device ID will answer, such as `firmware 0.01, manufacturer 0, product 1872`.
  private func logIdentity() {
    let console = board.console
    let identity = controller.identity
    console.write("firmware ")
    console.write(decimal: UInt32(identity.firmwareMajor))
    console.write(".")
    console.write(identity.firmwareMinor)
    console.write(", manufacturer ")
    console.write(decimal: identity.manufacturer)
    console.write(", product ")
    console.write(decimal: UInt32(identity.product))
    console.writeLine()
  }

  /// Writes the name of a channel.
  private func write(link index: Int) {
    board.console.write("KCS")
    board.console.write(decimal: UInt32(truncatingIfNeeded: index + 1))
  }

  // MARK: Time

  private mutating func handleAlarm() {
    let now = board.timer.now
    controller.advance(to: now)
    if now >= nextTick {
      nextTick = now &+ Self.tickInterval
      board.input.startConversion()
      board.parkOtherCores()
    }
    if let restart, now >= restart { board.restart() }
  }

  /// Does what the controller wants done after any interrupt.
  private mutating func finish() {
    showAttention()
    while let action = controller.takeAction() {
      take(action)
    }
    let deadline = min(nextTick, controller.deadline ?? .max)
    board.timer.interrupt(at: min(deadline, restart ?? .max))
  }

  // MARK: Effects

  /// Brings SMS_ATN of all channels in line with the controller.
  private mutating func showAttention() {
    guard attention != controller.attention else { return }
    attention = controller.attention
    for index in 0..<board.portCount {
      links[index].setAttention(attention)
    }
  }

  /// Takes an action, where the board can; the log shows them all.
  private mutating func take(_ action: BoardAction) {
    board.console.write("action: ")
    board.console.writeLine(action.name)
    if action == .coldReset || action == .warmReset {
      restart = board.timer.now &+ Self.restartDelay
    }
  }
}

extension BoardAction {
  /// What the log calls the action.
  fileprivate var name: StaticString {
    switch self {
    case .powerDown: "power down"
    case .powerUp: "power up"
    case .powerCycle: "power cycle"
    case .hardReset: "hard reset"
    case .diagnosticInterrupt: "diagnostic interrupt"
    case .gracefulShutdown: "graceful shutdown"
    case .coldReset: "cold reset"
    case .warmReset: "warm reset"
    case .identify(true): "identify on"
    case .identify(false): "identify off"
    }
  }
}
