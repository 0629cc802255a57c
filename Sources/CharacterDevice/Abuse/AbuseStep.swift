import IPMI
import SystemInterfaces

/// One thing that a misbehaving host does.
enum AbuseStep: Sendable {
  /// KCS: a byte to the command port, once IBF is clear.
  case command(UInt8)
  /// KCS: a byte to the data port, once IBF is clear.
  case data(UInt8)
  /// KCS: a byte to the data port, whatever IBF is. BT: a byte to its buffer.
  case dataAtOnce(UInt8)
  /// KCS: a read of the data port.
  case readData

  /// BT: a frame as it is, announced once the BMC takes one.
  case frame([UInt8])
  /// BT: a frame, announced whatever B_BUSY and H2B_ATN are.
  case frameAtOnce([UInt8])
  /// BT: a write to BT_CTRL.
  case control(BTControl)

  /// SSIF: START, the address, these bytes up to the first one that is not acknowledged, STOP; once
  /// the address is.
  case block([UInt8])
  /// SSIF: the same, whether the address is acknowledged or not.
  case blockAtOnce([UInt8])
  /// SSIF: a read of so many bytes after a command, with the count before the block.
  case read(UInt8, count: Int)
  /// SSIF: the same, but nothing follows, not even a STOP.
  case readWithoutStop(UInt8, count: Int)
  /// SSIF: a read of the alert response address.
  case readAlert

  /// Nothing, for so many milliseconds.
  case pause(UInt64)
  /// Nothing until there is a response, for a second at most.
  case awaitResponse
  /// Nothing until the daemon has read the request, for a second at most.
  case awaitRead
  /// The whole response, once there is one; for a second at most.
  case takeResponse
  /// The daemon is killed and started again, as by a BMC that restarts.
  case restartDaemon
  /// A request by the rules, with all of the host's retries.
  case request(Message)
}

/// How far a step has come.
enum AbuseProgress { case done, progressed, waits }

/// Registers that a misbehaving host can reach.
protocol AbusedRegisters {
  /// Does one step, or a part of it. `waits`, and no change, where the BMC has to act first.
  mutating func play(_ step: AbuseStep, now: UInt64) -> AbuseProgress
}

extension KCSChannel: AbusedRegisters {
  mutating func play(_ step: AbuseStep, now: UInt64) -> AbuseProgress {
    switch step {
    case .command, .data:
      if hostReadStatus().contains(.inputBufferFull) { return .waits }
      if case .command(let byte) = step { hostWriteCommand(byte) }
      if case .data(let byte) = step { hostWriteData(byte) }
    case .dataAtOnce(let byte): hostWriteData(byte)
    case .readData: _ = hostReadData()
    case .awaitResponse: return hasResponse ? .done : .waits
    case .takeResponse:
      let status = hostReadStatus()
      if status.contains(.inputBufferFull) { return .waits }
      if status.state != .read {
        _ = hostReadData()
        return .done
      }
      guard hasResponse else { return .waits }
      _ = hostReadData()
      hostWriteData(KCSControl.read)
      return .progressed
    default: break
    }
    return .done
  }

  private var hasResponse: Bool {
    hostReadStatus().state == .read && hostReadStatus().contains(.outputBufferFull)
  }
}

extension BTChannel: AbusedRegisters {
  mutating func play(_ step: AbuseStep, now: UInt64) -> AbuseProgress {
    switch step {
    case .frame(let bytes), .frameAtOnce(let bytes):
      if case .frame = step,
        !hostReadControl().isDisjoint(with: [.bmcBusy, .hostToBMCAttention])
      {
        return .waits
      }
      hostWriteControl(.clearWritePointer)
      for byte in bytes { hostWriteData(byte) }
      hostWriteControl(.hostToBMCAttention)
    case .dataAtOnce(let byte): hostWriteData(byte)
    case .control(let written): hostWriteControl(written)
    case .awaitResponse, .takeResponse:
      guard hostReadControl().contains(.bmcToHostAttention) else { return .waits }
      if case .awaitResponse = step { return .done }
      hostWriteControl(.hostBusy)
      hostWriteControl(.bmcToHostAttention)
      hostWriteControl(.clearReadPointer)
      for _ in 0..<hostReadData() { _ = hostReadData() }
      hostWriteControl(.hostBusy)
    default: break
    }
    return .done
  }
}

extension SSIFTarget: AbusedRegisters {
  mutating func play(_ step: AbuseStep, now: UInt64) -> AbuseProgress {
    switch step {
    case .block(let bytes), .blockAtOnce(let bytes):
      if case .block = step, isBusy { return .waits }
      if start(.write, now: now) { _ = bytes.allSatisfy { write($0) } }
      stop(now: now)
    case .read(let command, let count):
      beginRead(command, count: count, now: now)
      stop(now: now)
    case .readWithoutStop(let command, let count): beginRead(command, count: count, now: now)
    case .readAlert: _ = alertResponse()
    case .awaitResponse: return hasUnreadResponse ? .done : .waits
    case .takeResponse:
      guard hasUnreadResponse else { return .waits }
      beginRead(SSIFCommand.read, count: 34, now: now)
      stop(now: now)
      // The parts behind the first one, as many as a response can have.
      for _ in 0..<8 where hasUnreadResponse {
        beginRead(SSIFCommand.readMiddle, count: 34, now: now)
        stop(now: now)
      }
    default: break
    }
    return .done
  }

  /// Reads the count and what follows, `count` bytes in all.
  private mutating func beginRead(_ command: UInt8, count: Int, now: UInt64) {
    guard start(.write, now: now), write(command), start(.read, now: now) else { return }
    for _ in 0..<count { _ = read() }
  }
}
