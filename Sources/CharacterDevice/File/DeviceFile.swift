import IPMI
import IPMIHostBridge
import SystemInterfaces

/// A ``DeviceLink`` whose file programs open.
final class DeviceFile<Driver: DeviceDriver, Host: SystemInterfaceHost>: FileCalls, ServedDevice
where Driver.Registers == Host.Registers, Driver.Registers: AbusedRegisters {
  private var link: DeviceLink<Driver, Host>
  private let peer: (any HostPeer)?
  private var abuse: (player: AbusePlayer<Host>, report: (Abuse, Abuse.Verdict) -> Void)?
  /// When the misbehaving host goes on.
  private var abuseDeadline: UInt64?
  private var hasBeenOpened = false
  private let observer: (DeviceEvent) -> Void
  private var file: (any FileSource)?
  private var reads: [(call: FileCall, count: Int)] = []
  private var writes: [(call: FileCall, bytes: [UInt8])] = []
  let hasPositions: Bool

  init(
    _ host: Host, _ peer: any HostPeer, hasPositions: Bool = false,
    observer: @escaping (DeviceEvent) -> Void
  ) {
    link = DeviceLink(host)
    self.peer = peer
    self.hasPositions = hasPositions
    self.observer = observer
  }

  /// A device whose host misbehaves.
  init(
    _ host: Host, _ abuses: [Abuse], report: @escaping (Abuse, Abuse.Verdict) -> Void,
    observer: @escaping (DeviceEvent) -> Void
  ) {
    link = DeviceLink(host)
    link.hostIsBridged = false
    peer = nil
    abuse = (AbusePlayer(abuses, host: host), report)
    hasPositions = false
    self.observer = observer
  }

  func attach(to opener: FileOpener) throws { file = try opener.source(for: self) }

  func detach() {
    file = nil
    reads = []
    writes = []
  }

  // MARK: The loop

  var descriptors: [Descriptor] {
    var all = peer?.descriptors(hasOutput: link.bridge.hasOutput) ?? []
    all += file?.descriptors.map { Descriptor(number: $0) } ?? []
    return all
  }

  var deadline: UInt64? { abuse == nil ? link.deadline : abuseDeadline }

  var hostIsDone: Bool { peer?.isDone ?? abuse?.player.isDone ?? true }

  func run() {
    repeat {
      while file?.receive() == true {}
      repeat { settle() } while exchange()
      file?.settled()
    } while misbehave()
  }

  /// Lets a host that misbehaves do a step, once a daemon has the file; whether there is more to do.
  private func misbehave() -> Bool {
    guard hasBeenOpened, !wantsRestart, var current = abuse else { return false }
    let hasUnread = link.poll().contains(.input)
    let (until, verdict) = link.withRegisters {
      current.player.advance(&$0, hasUnreadRequest: hasUnread, now: monotonicTime())
    }
    abuse = current
    abuseDeadline = until == .max ? nil : until
    if let (abuse, outcome) = verdict { current.report(abuse, outcome) }
    return until == nil
  }

  var wantsRestart: Bool { abuse?.player.wantsRestart ?? false }

  func programEnded(_ status: Int32) -> Bool {
    if link.driver.isOpen { release(0) }
    guard var current = abuse else { return false }
    hasBeenOpened = false
    let verdict = current.player.daemonEnded(status)
    abuse = current
    if let (abuse, outcome) = verdict { current.report(abuse, outcome) }
    return !current.player.isDone
  }

  /// Carries bytes between the bridge and its peer; whether any moved.
  private func exchange() -> Bool {
    guard let peer else { return false }
    let change = peer.takeConnectionChange()
    if change == .connected { link.bridge.connected() }
    if change == .disconnected { link.bridge.disconnected() }
    var hasMoved = change != nil
    let input = peer.take(link.bridge.acceptableInput)
    if !input.isEmpty {
      link.bridge.receive(input.span, now: monotonicTime())
      hasMoved = true
    }
    while link.bridge.hasOutput {
      var chunk = FixedBytes<512>()
      link.bridge.copyOutput(into: &chunk)
      let bytes = (0..<chunk.count).map { chunk[$0] }
      let count = peer.give(bytes)
      guard count > 0 else { break }
      link.bridge.consumeOutput(count)
      hasMoved = true
    }
    return hasMoved
  }

  /// Lets the link come to rest, and wakes who has slept for what happened.
  private func settle() {
    link.settle(now: monotonicTime())
    while link.takeWake() {
      file?.wake(nil)
      let reads = self.reads
      let writes = self.writes
      self.reads = []
      self.writes = []
      for (call, count) in reads {
        file?.finished(call)
        read(call, count)
      }
      for (call, bytes) in writes {
        file?.finished(call)
        write(call, bytes.span)
      }
    }
  }

  // MARK: The file

  func open(_ file: UInt64) -> DriverError? {
    let error = link.open(now: monotonicTime())
    hasBeenOpened = true
    observer(.opened(error))
    return error
  }

  func release(_ file: UInt64) {
    link.release(now: monotonicTime())
    observer(.released)
  }

  func read(_ call: FileCall, _ count: Int) {
    switch link.read(
      count, at: call.offset, isNonblocking: call.isNonblocking, now: monotonicTime())
    {
    case .done(let bytes):
      observer(.read((0..<bytes.count).map { bytes[$0] }))
      call.succeed(bytes)
    case .failed(let error):
      if error != .again { observer(.readFailed(error)) }
      call.fail(error)
    case .waits:
      reads.append((call, count))
      file?.wait(for: call)
    }
  }

  func write(_ call: FileCall, _ bytes: Span<UInt8>) {
    let outcome = link.write(
      bytes, at: call.offset, isNonblocking: call.isNonblocking, now: monotonicTime())
    let copy = bytes.indices.map { bytes[$0] }
    switch outcome {
    case .done(let count):
      observer(.wrote(copy))
      call.succeed(count)
    case .failed(let error):
      observer(.writeFailed(copy, error))
      call.fail(error)
    case .waits:
      writes.append((call, copy))
      file?.wait(for: call)
    }
  }

  func control(_ call: ControlCall) {
    let error = link.control(call.request, now: monotonicTime())
    observer(.control(call.request, error))
    if let error { call.fail(error.rawValue) } else { call.succeed() }
  }

  func poll(_ file: UInt64) -> PollEvents { link.poll() }

  func interrupted(_ call: FileCall) {
    let isRead = reads.contains { $0.call == call }
    reads.removeAll { $0.call == call }
    writes.removeAll { $0.call == call }
    file?.finished(call)
    call.fail(isRead ? Driver.interruptedRead : .interrupted)
  }
}
