import IPMI
import ManagementController
import TestSupport
import Testing
import Transport
import VMProtocol

@Suite struct SimulatedBMCTests {
  /// A BMC to which a QEMU is connected that can do all, and both have greeted.
  private static func connected(_ capabilities: UInt8 = 0x3F) -> SimulatedBMC {
    var bmc = SimulatedBMC()
    bmc.connect(now: 0)
    _ = bmc.exchange([0xFF, 0x01, 0xA1, 0x08, capabilities, 0xA1])
    return bmc
  }

  // MARK: The connection

  @Test func `it greets with the version and attention, and waits for no greeting`() {
    var bmc = SimulatedBMC()
    #expect(bmc.takeOutput() == [])
    bmc.connect(now: 0)
    #expect(bmc.takeOutput() == bmcGreeting)
    #expect(events(bmc.exchange(request(.getDeviceID, id: 7))).count == 1)
  }

  @Test func `a VM has power while it is connected`() {
    var bmc = SimulatedBMC()
    for _ in 0..<3 {
      bmc.connect(now: 0)
      let status = events(bmc.exchange(request(.getChassisStatus, id: 1)))
      guard case .message(1, let response)? = status.last else {
        Issue.record("no answer")
        return
      }
      #expect(response.data(0).map { $0 & 1 } == 1)
      bmc.disconnect(now: 0)
      #expect(!bmc.isConnected && bmc.takeOutput() == [])
    }
  }

  /// Every split of a stream gives the same bytes.
  @Test func `chunks do not matter`() {
    let stream =
      qemuGreeting + request(.getDeviceID, id: 1) + [0x42, 0xA1, 0xA0, 0xAA, 0xA0]
      + request(.setBMCGlobalEnables, [0x0F], id: 2) + request(.getSELInfo, id: 3)
    var whole = SimulatedBMC()
    whole.connect(now: 0)
    let expected = whole.exchange(stream)
    #expect(events(expected).count == 7)
    for cut in 0...stream.count {
      var bmc = SimulatedBMC()
      bmc.connect(now: 0)
      let sent = bmc.exchange(Array(stream[..<cut])) + bmc.exchange(Array(stream[cut...]))
      #expect(sent == expected, "cut at \(cut)")
    }
    var bytewise = SimulatedBMC()
    bytewise.connect(now: 0)
    #expect(stream.flatMap { bytewise.exchange([$0]) } == expected)
  }

  /// Whatever half a frame a VM leaves behind, the next one's first request is answered, with a
  /// greeting or without.
  @Test(arguments: [true, false])
  func `half a frame does not reach the next VM`(_ greets: Bool) {
    let last = request(.setBMCGlobalEnables, [0xAA], id: 0xA0)
    for cut in 0...last.count {
      var bmc = Self.connected()
      _ = bmc.exchange(Array(last[..<cut]))
      bmc.disconnect(now: 0)
      bmc.connect(now: 0)
      let sent = bmc.exchange((greets ? qemuGreeting : []) + request(.getSelfTestResults, id: 9))
      #expect(
        events(sent).contains {
          if case .message(9, let response) = $0 {
            response.completionCode == .success
          } else {
            false
          }
        }, "cut at \(cut)")
    }
  }

  @Test func `what the controller knows outlives the connection`() {
    var bmc = Self.connected()
    _ = bmc.exchange(request(.setPowerRestorePolicy, [2], id: 1))
    bmc.disconnect(now: 0)
    bmc.connect(now: 0)
    let sent = events(bmc.exchange(request(.getChassisStatus, id: 2)))
    guard case .message(2, let status)? = sent.last else {
      Issue.record("no answer")
      return
    }
    #expect(status.data(0) == 0b0100_0001)
  }

  // MARK: Control of the VM

  @Test(
    arguments: [
      (0, .powerOff), (2, .reset), (3, .reset), (4, .nmi), (5, .gracefulShutdown),
    ] as [(UInt8, VMControl)])
  func `chassis control becomes a command before the answer`(_ data: UInt8, _ control: VMControl) {
    var bmc = Self.connected()
    let sent = events(bmc.exchange(request(.chassisControl, [data], id: 3)))
    #expect(
      sent == [.control(control, argument: nil), answer(.chassisControl, .success, id: 3)])
    #expect(bmc.statistics.hostControls == 1)

    // Not announced: D5h, and nothing but the answer.
    for missing in [nil, 0x3F & ~control.requiredCapability.rawValue] {
      var bmc = SimulatedBMC()
      bmc.connect(now: 0)
      _ = bmc.exchange(missing.map { [0x08, $0, 0xA1] } ?? [])
      let sent = events(bmc.exchange(request(.chassisControl, [data], id: 4)))
      #expect(sent == [answer(.chassisControl, .notSupportedInPresentState, id: 4)])
      #expect(bmc.statistics.refusedHostControls == 1 && bmc.statistics.hostControls == 0)
    }
  }

  @Test func `capabilities are the connected VM's`() {
    var bmc = Self.connected(0x3F)
    #expect(bmc.capabilities?.rawValue == 0x3F)
    bmc.disconnect(now: 0)
    bmc.connect(now: 0)
    #expect(bmc.capabilities == nil)
  }

  @Test func `a reset of the VM reaches the controller`() {
    var bmc = Self.connected()
    _ = bmc.exchange(request(.setBMCGlobalEnables, [0x01], id: 1))
    #expect(bmc.exchange([0x04, 0xA1]) == [0x06, 0xA1], "no interrupts")
    #expect(bmc.statistics.hostResets == 1)
    #expect(bmc.ask(.getSystemRestartCause) == [0x0A, 0])
    #expect(bmc.ask(.getBMCGlobalEnables) == [0x08])
    // What was asked for is why.
    _ = bmc.exchange(request(.chassisControl, [3], id: 2))
    _ = bmc.exchange([0x04, 0xA1])
    #expect(bmc.ask(.getSystemRestartCause) == [0x01, 0x0F])
  }

  // MARK: Power in the SEL

  /// One that lasts: one event for the first power on, none for what follows.
  @Test func `a VM that comes and goes does not fill the SEL`() {
    var bmc = SimulatedBMC()
    var now: UInt64 = 0
    for _ in 0..<500 {
      bmc.connect(now: now)
      now += SimulatedBMC.absence
      bmc.disconnect(now: now)
      now += SimulatedBMC.absence - 1
      bmc.advance(to: now)
    }
    bmc.connect(now: now)
    #expect(bmc.powerEvents() == [0])
  }

  @Test func `a VM that stays away has lost its power, and the SEL says so once`() {
    var bmc = Self.connected()
    bmc.disconnect(now: second)
    #expect(bmc.deadline == second + SimulatedBMC.absence)
    bmc.advance(to: second + SimulatedBMC.absence)
    #expect(bmc.deadline == nil)
    bmc.advance(to: 60 * second)
    bmc.connect(now: 61 * second)
    #expect(bmc.powerEvents(now: 61 * second) == [0, 5, 0])
    // It comes after its absence, and nobody has called in between.
    bmc.disconnect(now: 70 * second)
    bmc.connect(now: 90 * second)
    #expect(bmc.powerEvents(now: 90 * second) == [0, 5, 0, 5, 0])
  }

  @Test func `a VM that was told to power off has no power as soon as it leaves`() {
    var bmc = Self.connected()
    _ = bmc.exchange(request(.chassisControl, [0], id: 1))
    bmc.disconnect(now: 0)
    #expect(bmc.deadline == nil)
    bmc.connect(now: 0)
    #expect(bmc.powerEvents() == [0, 5, 0])
    // The next one was not told to.
    bmc.disconnect(now: 0)
    bmc.connect(now: 0)
    #expect(bmc.powerEvents() == [0, 5, 0])
  }

  @Test func `interrupts are enabled and disabled before the answer, and told to a new VM`() {
    var bmc = Self.connected()
    for (enables, control) in [
      (0x01, .enableInterrupts), (0x03, nil), (0x0C, .disableInterrupts), (0x02, .enableInterrupts),
    ] as [(UInt8, VMControl?)] {
      let sent = events(bmc.exchange(request(.setBMCGlobalEnables, [enables], id: 5)))
      let before = control.map { [VMEvent.control($0, argument: nil)] } ?? []
      #expect(sent == before + [answer(.setBMCGlobalEnables, .success, id: 5)])
    }
    // Refused by the controller.
    let refused = events(bmc.exchange(request(.setBMCGlobalEnables, [0x80], id: 6)))
    #expect(refused == [answer(.setBMCGlobalEnables, .invalidDataField, id: 6)])
    // A VM without power has forgotten.
    bmc.disconnect(now: 0)
    bmc.connect(now: 0)
    #expect(bmc.exchange(qemuGreeting) == bmcGreeting + [0x06, 0xA1])
  }

  @Test func `a message for the host sets attention, and taking it clears it`() {
    var bmc = Self.connected()
    _ = bmc.exchange(request(.enableMessageChannelReceive, [0, 1], id: 1))
    // Get Device ID to itself, answered to the receive message queue.
    let inner: [UInt8] = [0x20, 0x18, 0xC8, 0x81, 0x06, 0x01, 0x78]
    let sent = events(bmc.exchange(request(.sendMessage, [0x00] + inner, id: 2)))
    #expect(
      sent == [
        .control(.attentionWithInterrupt, argument: nil), answer(.sendMessage, .success, id: 2),
      ])
    // Still there for a VM that connects: but a new host has not asked for it.
    let taken = events(bmc.exchange(request(.getMessage, id: 3)))
    #expect(taken.first == .control(.clearAttention, argument: nil) && taken.count == 2)
  }

  // MARK: Time

  @Test func `the watchdog resets the VM when its time is over`() {
    var bmc = Self.connected()
    #expect(bmc.deadline == nil)
    // SMS/OS, hard reset, 1 s.
    _ = bmc.exchange(request(.setWatchdogTimer, [0x04, 0x01, 0, 0, 10, 0], id: 1), now: second)
    _ = bmc.exchange(request(.resetWatchdogTimer, id: 2), now: second)
    #expect(bmc.deadline == 2 * second)
    bmc.advance(to: 2 * second - 1)
    #expect(!bmc.hasOutput)
    bmc.advance(to: 2 * second)
    #expect(bmc.takeOutput() == [0x04, 0xA1])
    #expect(bmc.deadline == nil && bmc.lastAction == .hardReset)
  }

  /// A watchdog that is due when a request comes does not make that request fail.
  @Test func `what time did is not the next request's`() {
    var bmc = Self.connected(0x10)
    _ = bmc.exchange(request(.setWatchdogTimer, [0x04, 0x01, 0, 0, 10, 0], id: 1))
    _ = bmc.exchange(request(.resetWatchdogTimer, id: 2))
    let sent = events(bmc.exchange(request(.getSelfTestResults, id: 3), now: 5 * second))
    #expect(bmc.statistics.refusedHostControls == 1)
    guard case .message(3, let response)? = sent.last else {
      Issue.record("no answer")
      return
    }
    #expect(response.completionCode == .success)
  }

  @Test func `a cold reset forgets what the controller knew, a warm one does not`() {
    for (command, policy) in [(Command.warmReset, UInt8(2)), (.coldReset, 0)] {
      var bmc = Self.connected()
      _ = bmc.exchange(request(.setPowerRestorePolicy, [2], id: 1))
      let reset = events(bmc.exchange(request(command, id: 2)))
      #expect(reset.last == answer(command, .success, id: 2))
      guard
        case .message(3, let status)? = events(bmc.exchange(request(.getChassisStatus, id: 3))).last
      else {
        Issue.record("no answer")
        return
      }
      #expect(status.data(0) == policy << 5 | 1)
    }
  }

  // MARK: Bounds

  /// What is not moved is not lost: the input waits.
  @Test func `a BMC whose output is full takes no more`() {
    var bmc = Self.connected()
    let requests = (0..<200).flatMap { request(.getDeviceID, id: UInt8($0)) }
    let taken = bmc.receive(requests.span, now: 0)
    #expect((1..<requests.count).contains(taken))
    #expect(bmc.receive(Array(requests[taken...]).span, now: 0) == 0)
    let sent = events(bmc.takeOutput() + bmc.exchange(Array(requests[taken...])))
    #expect(
      sent.map { if case .message(let id, _) = $0 { Int(id) } else { -1 } } == Array(0..<200))
  }

  @Test func `random bytes never keep the next request from its answer`() {
    var random = SplitMix64(seed: 0x53_494D)
    var bmc = Self.connected()
    for round in 0..<1_000 {
      let count = Int(random.next() % 700)
      let noise = (0..<count).map { _ -> UInt8 in
        let draw = random.next()
        return draw & 15 == 0
          ? [0xA0, 0xA1, 0xAA][Int(draw >> 8 % 3) % 3] : UInt8(draw >> 16 & 0xFF)
      }
      _ = bmc.exchange(noise)
      if random.next() & 1 == 0 {
        _ = bmc.exchange([0xA0])
      } else {
        bmc.disconnect(now: 0)
        bmc.connect(now: 0)
      }
      let sent = events(bmc.exchange(request(.getDeviceID, id: 0x55)))
      guard case .message(0x55, let response)? = sent.last else {
        Issue.record("round \(round), \(random)")
        return
      }
      #expect(response.completionCode == .success)
    }
  }

  /// Frames that are whole: every NetFn, LUN and command, random data; each is answered, once.
  @Test func `every well-framed request is answered once`() {
    var random = SplitMix64(seed: 0x57_454C)
    var bmc = Self.connected()
    for round in 0..<5_000 {
      let count = 2 + Int(random.next() % 40)
      let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let id = UInt8(truncatingIfNeeded: round)
      let sent = events(bmc.exchange(frame(Message(bytes.span)!, id: id)))
      let responses = sent.filter { if case .message(id, _) = $0 { true } else { false } }
      #expect(responses.count == 1, "round \(round), \(random)")
    }
    #expect(bmc.statistics.requests == 5_000)
  }
}
