import IPMI
import ManagementController
import SystemInterfaces

/// The firmware of a BMC: a management controller behind the KCS channels and the BT of a board.
///
/// All work is done in the interrupt handler, one interrupt after the other, and the processor
/// sleeps in between. So nothing is shared between two flows of control and nothing needs masking;
/// a request is answered in microseconds, and the host waits for each of them anyway.
public struct Firmware<BoardType: Board> {
  let board: BoardType
  private var timer: BoardType.Timer
  private var controller: ManagementController
  private var kcs: [4 of KCSLink<BoardType.KCS>]
  private var bt: BTLink<BoardType.BT>?
  private var hostControl: HostControl<BoardType.HostLines>
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
    timer = board.timer
    controller = ManagementController(board)
    let channels = board.kcsChannels
    // Those that the board does not have are never used.
    kcs = .init { KCSLink(board.kcs(min(channels.lowerBound + $0, channels.upperBound))) }
    bt = board.bt.map { BTLink($0) }
    hostControl = HostControl(board.hostLines)
  }

  /// Starts everything; afterwards ``handleInterrupt()`` is to be called for each interrupt.
  public mutating func start() {
    board.parkOtherCores()
    board.logStart(controller.identity)
    board.interrupts.start()
    timer.start()
    board.interrupts.enable(timer.line)
    for index in 0..<board.kcsChannels.count { start(kcs[index].start(), kcs[index].port) }
    if let wasOpen = bt?.start(), let port = bt?.port { start(wasOpen, port) }
    hostControl.port.start()
    board.postCodes.start()
    board.interrupts.enable(board.postCodes.line)
    serveHost()
    finish()
  }

  /// Lets a link that has started interrupt.
  private func start(_ wasOpen: Bool, _ port: some HostPort) {
    board.interrupts.enable(port.line)
    board.logStart(port, wasOpen: wasOpen)
  }

  /// Serves all pending interrupts.
  public mutating func handleInterrupt() {
    while let id = board.interrupts.acknowledge() {
      if id == timer.line.id {
        handleAlarm()
      } else {
        serveHost()
      }
      finish()
      board.interrupts.complete(id)
    }
  }

  // MARK: Requests

  /// Serves everything that the host reaches, and answers the requests that are complete.
  ///
  /// All of it is asked: on some parts it has one interrupt in common. One POST code at a time, so
  /// that a host which does nothing but write them does not keep others waiting.
  private mutating func serveHost() {
    for index in 0..<board.kcsChannels.count {
      guard let request = kcs[index].takeRequest() else { continue }
      let response = respond(to: request)
      kcs[index].respond(response)
      board.log(request, response, from: kcs[index].port)
    }
    if let request = bt?.takeRequest() {
      let response = respond(to: request)
      bt?.respond(response)
      if let port = bt?.port { board.log(request, response, from: port) }
    }
    if let code = board.postCodes.takeCode() { board.log(postCode: code) }
  }

  private mutating func respond(to request: Message) -> Message {
    let response = controller.respond(to: request, now: timer.now)
    // Before the response, so that the host finds SMS_ATN as its request left it.
    showAttention()
    return response
  }

  // MARK: Time

  private mutating func handleAlarm() {
    let now = timer.now
    controller.advance(to: now)
    if now >= nextTick {
      nextTick = now &+ Self.tickInterval
      if let millivolts = board.input.sample() {
        controller.updateVoltage(millivolts, of: board, now: now)
      }
      watchPower()
      board.parkOtherCores()
    }
    hostControl.advance(to: now)
    if let time = restart, now >= time {
      // Once: the next alarm would start the watchdog again, and come before its end for ever.
      restart = nil
      board.restart()
    }
  }

  /// Tells the controller whether the host has power.
  private mutating func watchPower() {
    let isOn = hostControl.port.powerIsGood
    guard isOn != controller.powerIsOn else { return }
    controller.powerIsOn = isOn
    board.log(powerIsOn: isOn)
  }

  /// Does what the controller wants done after any interrupt.
  private mutating func finish() {
    showAttention()
    while let action = controller.takeAction() {
      take(action)
    }
    let deadline = min(nextTick, controller.deadline ?? .max)
    timer.interrupt(at: min(deadline, restart ?? .max, hostControl.deadline ?? .max))
  }

  // MARK: Effects

  /// Brings SMS_ATN of all channels in line with the controller.
  private mutating func showAttention() {
    guard attention != controller.attention else { return }
    attention = controller.attention
    for index in 0..<board.kcsChannels.count { kcs[index].setAttention(attention) }
    bt?.setAttention(attention)
  }

  /// Takes an action, where the board can; the log shows them all.
  private mutating func take(_ action: BoardAction) {
    board.log(action)
    hostControl.take(action, now: timer.now)
    if action == .coldReset || action == .warmReset {
      restart = timer.now &+ Self.restartDelay
    }
  }
}
