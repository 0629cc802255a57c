import CLinux
import IPMI
import LinuxProgram

/// A program on the host that sends requests one after the other, and looks at every answer.
///
/// It repeats nothing: what the driver gives up it counts as refused. A request that is lost is the
/// last one, since the driver still has it. The last line accounts for every request.
struct Requester {
  private let options: Options
  private let interface: HostInterface
  private var random: Random
  private var durations = Durations()
  private var log = Log()
  private var sent: UInt32 = 0
  /// Answered with what was asked for.
  private var answered: UInt32 = 0
  /// Answered with a completion code other than 00h; how often with each.
  private var refused: UInt32 = 0
  private var refusals: [256 of UInt32] = .init(repeating: 0)
  /// Answered with something else.
  private var wrong: UInt32 = 0
  /// Not answered, or not followed by its event.
  private var lost: UInt32 = 0
  /// Not taken by the driver; the last error number.
  private var unsent: UInt32 = 0
  private var unsentError: Int32 = 0

  init(_ options: Options, _ interface: HostInterface) {
    self.options = options
    self.interface = interface
    random = Random(state: UInt64(options.seed))
  }

  /// Sends everything, and says what came of it.
  mutating func run() {
    for number in 0..<options.count where lost == 0 {
      switch options.exercise {
      case .echo: echo(number)
      case .events: event(number)
      }
      if options.report > 0, (number + 1) % options.report == 0 {
        log.write("ipmi-requester: ")
        log.write(decimal: number + 1)
        log.write(" so far")
        log.end()
      }
    }
    writeAccount()
  }

  // MARK: Exercises

  /// Echo, NetFn 30h, command 01h, of `ipmi-responder`: the data comes back.
  private mutating func echo(_ number: UInt32) {
    var request = Message(Command(NetFn(rawValue: 0x30), 0x01))
    let sizes = options.longest - options.shortest + 1
    let size = options.shortest - 2 + (number < sizes ? number : random.next() % sizes)
    for _ in 0..<size { request.append(UInt8(truncatingIfNeeded: random.next())) }
    guard let data = exchange(request, number) else { return }
    var isRight = data.count == 1 + Int(size)
    for index in 0..<Int(size) where isRight {
      isRight = data[1 + index] == request.data(index)
    }
    count(isRight)
  }

  /// Platform Event Message, IPMI v2.0 section 29.3: the BMC logs the event and, where its event
  /// message buffer is on, reports it with SMS_ATN.
  private mutating func event(_ number: UInt32) {
    var request = Message(.platformEvent)
    // Generator 41h, system software; format 04h; temperature; then what tells one from another.
    request.append(0x41)
    request.append(0x04)
    request.append(0x01)
    var event: FixedBytes<6> = []
    for _ in 0..<5 { event.append(UInt8(truncatingIfNeeded: random.next())) }
    for index in 0..<5 { request.append(event[index]) }
    guard exchange(request, number) != nil else { return }
    let deadline = linux_now() + UInt64(options.limit) * 1_000_000
    while let received = next(until: deadline) {
      guard case .event(let record) = received else { continue }
      // The last five bytes of a SEL record are the same five.
      var isRight = record.count == 16
      for index in 0..<5 where isRight { isRight = record[11 + index] == event[index] }
      return count(isRight)
    }
    lost += 1
  }

  // MARK: Messages

  /// Sends a request and waits for its response, whose completion code is 00h; `nil` otherwise,
  /// which is then accounted for.
  private mutating func exchange(_ request: Message, _ number: UInt32) -> FixedBytes<300>? {
    let started = linux_now()
    if let error = interface.send(request, number: number) {
      unsent += 1
      unsentError = error
      return nil
    }
    sent += 1
    let deadline = started + UInt64(options.limit) * 1_000_000
    while let received = next(until: deadline) {
      guard case .response(number, let netFn, let data) = received else {
        // An answer to a request that was given up here.
        if case .response = received { wrong += 1 }
        continue
      }
      durations.add(nanoseconds: linux_now() - started)
      guard netFn == request.netFn.response, let code = data.byte(at: 0) else {
        wrong += 1
        return nil
      }
      guard code == 0 else {
        refused += 1
        refusals[Int(code)] += 1
        return nil
      }
      return data
    }
    lost += 1
    return nil
  }

  /// What the driver has next; `nil` where the time is over.
  private func next(until deadline: UInt64) -> HostInterface.Received? {
    let now = linux_now()
    guard now < deadline,
      interface.wait(milliseconds: Int32(clamping: (deadline - now) / 1_000_000 + 1))
    else { return nil }
    return interface.receive()
  }

  private mutating func count(_ isRight: Bool) {
    if isRight { answered += 1 } else { wrong += 1 }
  }

  // MARK: The account

  /// A line such as "ipmi-requester: 9 sent, 8 answered, 1 refused, 0 wrong, 0 lost, 0 unsent;
  /// mean …", after one for each completion code.
  private mutating func writeAccount() {
    for code in 0..<256 where refusals[code] > 0 {
      log.write("ipmi-requester: completion code ")
      log.write(hex: UInt8(code))
      log.write(", times ")
      log.write(decimal: refusals[code])
      log.end()
    }
    if unsent > 0 {
      log.write("ipmi-requester: not sent, error ")
      log.write(decimal: UInt32(unsentError))
      log.end()
    }
    log.write("ipmi-requester: ")
    write(sent, " sent, ")
    write(answered, " answered, ")
    write(refused, " refused, ")
    write(wrong, " wrong, ")
    write(lost, " lost, ")
    write(unsent, " unsent; ")
    durations.write(to: &log)
    log.end()
  }

  private mutating func write(_ number: UInt32, _ what: StaticString) {
    log.write(decimal: number)
    log.write(what)
  }
}

/// Numbers from a seed: SplitMix64.
struct Random {
  var state: UInt64

  mutating func next() -> UInt32 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return UInt32(truncatingIfNeeded: (mixed ^ mixed >> 31) >> 32)
  }
}
