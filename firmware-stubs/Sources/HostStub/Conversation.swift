import IPMI
import SystemInterfaces

/// What a PC's firmware says to the BMC over one interface.
struct Conversation<Interface: HostInterface> {
  private var interface: Interface
  private var machine: Machine
  /// Nanoseconds for a response, and for an interface that is to become idle again.
  private let limit: UInt64
  /// Whether nothing more is sent, since the BMC was silent or did not say what it is.
  private var isGivenUp = false

  init(_ interface: Interface, _ machine: Machine, limit: UInt64) {
    self.interface = interface
    self.machine = machine
    self.limit = limit
  }

  /// Says everything `count` times, and returns the machine.
  mutating func run(count: UInt32) -> Machine {
    guard isPresent() else { return machine }
    machine.account.interfaces += 1
    PostCode.deviceID.show()
    waitForBMC()
    for _ in 0..<count where !isGivenUp { talk() }
    PostCode.interfaceDone.show()
    return machine
  }

  /// Whether anything decodes the ports.
  private mutating func isPresent() -> Bool {
    let status = interface.status
    machine.console.write(interface.interface, interface.name, status: status)
    return status != 0xFF
  }

  // MARK: The conversation

  /// Get Device ID, again and again while the BMC is busy or starts.
  private mutating func waitForBMC() {
    let request = Message(.getDeviceID)
    let deadline = machine.clock.now() + limit
    var response = transfer(request)
    while let code = response?.completionCode,
      code == .nodeBusy || code == .initializationInProgress, machine.clock.now() < deadline
    {
      machine.clock.wait(Self.pauseForBMC)
      response = transfer(request)
    }
    guard let identity = record(request, response) else { return }
    if identity.completionCode == .success {
      machine.console.write(identity: identity)
    } else {
      giveUp()
    }
  }

  private mutating func giveUp() {
    isGivenUp = true
    machine.account.givenUp += 1
    PostCode.givenUp.show()
  }

  /// Nanoseconds.
  private static var pauseForBMC: UInt64 { 100_000_000 }

  private mutating func talk() {
    PostCode.selfTest.show()
    ask(.getSelfTestResults)

    PostCode.globalEnables.show()
    if let enables = ask(.getBMCGlobalEnables)?.data(0) {
      // Bit 3: system event logging, bit 2: event message buffer.
      ask(.setBMCGlobalEnables, [enables | 1 << 3 | 1 << 2])
    }

    PostCode.watchdog.show()
    ask(.getSystemRestartCause)
    // BIOS/POST, no action, 60 s: it is set, and not started. Its expiration flag is cleared.
    ask(.setWatchdogTimer, [0x02, 0x00, 0x00, 0x04, 0x58, 0x02])

    PostCode.guid.show()
    ask(.getSystemGUID)

    PostCode.eventLog.show()
    ask(.getSELInfo)

    PostCode.eventLogTime.show()
    ask(.getSELTime)
    if let seconds = RealTimeClock.secondsSince1970() {
      var data: FixedBytes<16> = []
      data.append(littleEndian: seconds)
      ask(.setSELTime, data)
    }

    PostCode.bootEvent.show()
    // From the BIOS, format 04h; System Firmware Progress, sensor 0, sensor-specific; progress,
    // starting the operating system's boot process. IPMI v2.0, table 42-3.
    ask(.platformEvent, [0x01, 0x04, 0x0F, 0x00, 0x6F, 0xC2, 0x13, 0xFF])
  }

  /// How many messages are read one after the other: a BMC that always has one is not listened to
  /// for ever.
  private static var attentionLimit: Int { 16 }

  /// Reads what the BMC has, while it has SMS_ATN set.
  private mutating func handleAttention() {
    for _ in 0..<Self.attentionLimit {
      guard !isGivenUp, interface.event(now: machine.clock.now()) == .attention else { return }
      PostCode.attention.show()
      guard let flags = exchange(Message(.getMessageFlags))?.data(0), flags != 0 else { return }
      // Bit 0: a message in the receive queue, bit 1: an event in the buffer. What else there may
      // be is cleared: the watchdog's pre-time-out, OEM.
      if flags & 1 << 0 != 0 { _ = exchange(Message(.getMessage)) }
      if flags & 1 << 1 != 0 { _ = exchange(Message(.readEventMessageBuffer)) }
      if flags & ~0x03 != 0 {
        var request = Message(.clearMessageFlags)
        request.append(flags & ~0x03)
        _ = exchange(request)
      }
    }
  }

  // MARK: Requests

  /// Sends a request, and then sees to SMS_ATN. The response where the completion code is 00h.
  @discardableResult
  private mutating func ask(_ command: Command, _ data: FixedBytes<16> = []) -> Message? {
    var request = Message(command)
    request.append(contentsOf: data)
    let response = exchange(request)
    handleAttention()
    return response?.completionCode == .success ? response : nil
  }

  /// Sends a request, and shows what came of it; `nil` where it was not answered.
  private mutating func exchange(_ request: Message) -> Message? {
    guard !isGivenUp else { return nil }
    return record(request, transfer(request))
  }

  /// Counts and shows what came of a request. C3h is no answer: it is what stands between, the
  /// driver of BT or an emulator, that answers so for a silent BMC.
  private mutating func record(_ request: Message, _ response: Message?) -> Message? {
    machine.account.sent += 1
    machine.console.write(interface.name, request, response)
    guard let response, response.completionCode != .timeout else {
      giveUp()
      return nil
    }
    machine.account.answered += 1
    if response.completionCode != .success { machine.account.refused += 1 }
    return response
  }

  /// The response to a request; `nil` where there is none in time.
  private mutating func transfer(_ request: Message) -> Message? {
    interface.start(request)
    var deadline = machine.clock.now() + limit
    var isAborted = false
    while true {
      let now = machine.clock.now()
      if now >= deadline {
        if isAborted { return nil }
        isAborted = true
        interface.abort()
        deadline = now + limit
      }
      switch interface.event(now: now) {
      case .complete: return interface.response
      case .failed: return nil
      case .idle, .attention, .progressed, .waiting: continue
      }
    }
  }
}
