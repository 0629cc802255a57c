import CBoard
import IPMI
import SystemInterfaces

/// The firmware of a BMC: a management controller behind the KCS channels of a board.
///
/// All work is done in the interrupt handler, one interrupt after the other, and the processor
/// sleeps in between. So nothing is shared between two flows of control and nothing needs masking;
/// a request is answered in microseconds, and KCS makes the host wait for each byte anyway.
public struct Firmware<BoardType: Board> {
  let board: BoardType
  private var links: [4 of KCSLink<BoardType.Port>]
  /// When the voltage is measured next, in nanoseconds.
  private var nextMeasurement: UInt64 = 0

  /// Time between two measurements, in nanoseconds.
  private static var measurementInterval: UInt64 { 1_000_000_000 }

  public init(_ board: BoardType) {
    self.board = board
    links = .init { KCSLink(port: board.port($0 + 1)) }
  }

  /// Starts everything; afterwards ``handleInterrupt()`` is to be called for each interrupt.
  public mutating func start() {
    let console = board.console
    board.start()
    console.write("ipmi-host-bridge firmware for ")
    console.writeLine(board.name)
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
    setAlarm()
  }

  /// Serves all pending interrupts.
  public mutating func handleInterrupt() {
    while let id = board.interrupts.acknowledge() {
      if id == board.timer.line.id {
        handleAlarm()
      } else if id == board.input.line.id {
        let millivolts = board.input.finishConversion()
        board.console.write(decimal: millivolts)
        board.console.writeLine(" mV")
      } else {
        for index in 0..<board.portCount where id == links[index].port.line.id {
          service(link: index)
        }
      }
      board.interrupts.complete(id)
    }
  }

  /// The name of a channel as the log writes it.
  private func write(link index: Int) {
    board.console.write("KCS")
    board.console.write(decimal: UInt32(truncatingIfNeeded: index + 1))
  }

  private mutating func service(link index: Int) {
    _ = links[index].takeRequest()
  }

  private mutating func handleAlarm() {
    if board.timer.now >= nextMeasurement {
      nextMeasurement = board.timer.now &+ Self.measurementInterval
      board.input.startConversion()
    }
    setAlarm()
  }

  private func setAlarm() {
    board.timer.interrupt(at: nextMeasurement)
  }
}
