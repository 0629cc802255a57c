import BMCPeripherals
import CIPMIHostBridge
import IPMI
import IPMIHostBridge
import Tracing
import VMProtocol

/// What an `ihb_soc` is: a chip's host interface, its hosts and its emulator's callbacks.
///
/// ``ModuleSoC`` adds the registers. Callbacks are called when the state is the new one and nothing
/// is held, so they may call back: whoever calls one looks again at whatever it needs afterwards.
@safe class SoC {
  final let chip: SystemOnChip
  /// The hosts by messages, by ``Responder``'s channel number.
  private final var hosts: [5 of MessageEnd?] = .init(repeating: nil)
  private final var interruptHandler: (function: ihb_interrupt_fn, user: UnsafeMutableRawPointer?)?
  private final var hostInterruptHandler:
    (function: ihb_host_interrupt_fn, user: UnsafeMutableRawPointer?)?
  private final var eventHandler: (function: ihb_event_fn, user: UnsafeMutableRawPointer?)?
  /// Levels that the handlers were told last, by index of the line and by channel.
  private final var lineLevels: UInt32 = 0
  private final var hostLevels: UInt8 = 0
  /// The sources by which the lines were driven last.
  private final var sourcesSeen: UInt8 = 0
  /// Whether an access is more than registers and lines.
  final var isWatched = false

  init(_ chip: SystemOnChip) {
    self.chip = chip
  }

  // MARK: The registers

  func read(_ offset: Int, width: Int) -> UInt64 { 0 }
  func write(_ value: UInt64, to offset: Int, width: Int) {}
  var interruptSources: UInt8 { 0 }
  var decodesHostPorts: Bool { false }
  func map(_ responder: Responder, data: UInt16, status: UInt16) -> Bool { false }
  func portRead(_ port: UInt16) -> UInt8 { 0xFF }
  func portWrite(_ value: UInt8, to port: UInt16) {}
  func hostInterrupt(of responder: Responder) -> HostInterrupt { HostInterrupt(isAsserted: false) }

  // MARK: What the hosts by messages need

  var now: UInt64 { 0 }
  func passTime(now: UInt64) {}
  var bridgeDeadline: UInt64? { nil }
  func attach(_ responder: Responder) -> Bool { false }
  func connected(_ responder: Responder) {}
  func disconnected(_ responder: Responder) {}
  func isConnected(_ responder: Responder) -> Bool { false }
  func receive(_ bytes: Span<UInt8>, from responder: Responder) -> Int { 0 }
  func acceptableInput(of responder: Responder) -> Int { 0 }
  func hasOutput(of responder: Responder) -> Bool { false }
  func copyOutput(of responder: Responder, into chunk: inout FixedBytes<512>) {}
  func consumeOutput(_ count: Int, of responder: Responder) {}
  func control(_ command: VMControl, of responder: Responder) -> Bool { false }

  /// Saves the state.
  func save(through stream: inout StateBytes) {}
  /// Takes over the state; whether it was one.
  func restore(through stream: inout StateBytes) -> Bool { false }

  // MARK: Hosts

  /// The host by messages of `responder`.
  final subscript(responder: Responder) -> MessageEnd? {
    get { hosts[responder.channel] }
    set { hosts[responder.channel] = newValue }
  }

  /// Serves the hosts by messages; an error where a descriptor has failed.
  final func serveHosts() -> ihb_error {
    var first = IHB_OK
    for index in chip.responders.indices {
      let responder = chip.responders[index]
      guard let host = self[responder] else { continue }
      let error = host.serve(self)
      if first == IHB_OK { first = error }
    }
    return first
  }

  /// When `ihb_advance` is due; `.max` where it is not.
  final var deadline: UInt64 {
    var time = bridgeDeadline ?? .max
    for index in chip.responders.indices {
      if let host = self[chip.responders[index]] { time = min(time, host.deadline(self)) }
    }
    return time
  }

  // MARK: Interrupts

  /// Tells the emulator what has changed; after every call.
  @inline(__always)
  final func follow(_ sources: UInt8) {
    if sources != sourcesSeen { driveLines() }
    if isWatched { driveHostLines() }
  }

  /// As ``follow(_:)``, where the sources are not at hand.
  final func follow() { follow(interruptSources) }

  /// A handler may change the sources while lines are driven, so each is compared with what they are.
  private final func driveLines() {
    sourcesSeen = interruptSources
    for index in chip.interruptLines.indices {
      let bit: UInt32 = 1 << UInt32(index)
      let level = sourcesSeen & chip.interruptLines[index].sources != 0
      guard level != (lineLevels & bit != 0) else { continue }
      lineLevels ^= bit
      let number = UInt32(chip.interruptLines[index].number)
      if isWatched {
        unsafe report(ihb_event(IHB_EVENT_INTERRUPT, address: UInt64(number), value: level ? 1 : 0))
      }
      if let handler = unsafe interruptHandler {
        unsafe handler.function(handler.user, number, level)
      }
    }
  }

  private final func driveHostLines() {
    guard unsafe hostInterruptHandler != nil else { return }
    for index in chip.responders.indices {
      let responder = chip.responders[index]
      let bit: UInt8 = 1 << UInt8(responder.channel)
      let interrupt = hostInterrupt(of: responder)
      let level = interrupt.isAsserted && self[responder] == nil
      guard level != (hostLevels & bit != 0), let handler = unsafe hostInterruptHandler else {
        continue
      }
      hostLevels ^= bit
      unsafe handler.function(
        handler.user, ihb_responder(UInt32(responder.channel)), level, interrupt.numbers)
    }
  }

  /// The level of line `number`; `nil` where the chip has none.
  final func level(ofLine number: UInt32) -> Bool? {
    for line in chip.interruptLines where line.number == Int(number) {
      return interruptSources & line.sources != 0
    }
    return nil
  }

  /// Tells what a restored state has changed: the sources may be those that were seen last, but of
  /// another time.
  final func followRestored() {
    driveLines()
    follow()
  }

  final func setInterruptHandler(
    _ function: ihb_interrupt_fn?, _ user: UnsafeMutableRawPointer?
  ) {
    unsafe interruptHandler = function.map { unsafe ($0, user) }
    lineLevels = 0
    driveLines()
  }

  final func setHostInterruptHandler(
    _ function: ihb_host_interrupt_fn?, _ user: UnsafeMutableRawPointer?
  ) {
    unsafe hostInterruptHandler = function.map { unsafe ($0, user) }
    hostLevels = 0
    updateWatch()
    follow()
  }

  // MARK: Tracing

  final func setEventHandler(_ function: ihb_event_fn?, _ user: UnsafeMutableRawPointer?) {
    unsafe eventHandler = function.map { unsafe ($0, user) }
    updateWatch()
  }

  /// What traces there are; ``trace(_:_:)`` changes it.
  final let traces = ChannelTraces()

  /// Begins or ends the trace of `responder`.
  func trace(_ responder: Responder, _ trace: ChannelTrace?) {
    traces[responder] = trace
    updateWatch()
  }

  private final func updateWatch() {
    isWatched = unsafe eventHandler != nil || hostInterruptHandler != nil || !traces.isEmpty
  }

  /// Shows an event to the emulator, where it wants to see any.
  final func report(_ event: ihb_event) {
    guard let handler = unsafe eventHandler else { return }
    var event = unsafe event
    unsafe event.time = now
    unsafe handler.function(handler.user, &event)
  }

  /// Shows an access, as ``report(_:)``.
  @inline(never)
  final func report(_ kind: ihb_event_kind, at address: UInt64, width: Int, _ value: UInt64) {
    unsafe report(ihb_event(kind, address: address, value: value, size: UInt32(width)))
  }

  /// Shows bytes of a host by messages, as ``report(_:)``.
  final func report(
    _ kind: ihb_event_kind, of responder: Responder, _ bytes: UnsafePointer<UInt8>, _ count: Int
  ) {
    guard isWatched, count > 0 else { return }
    if let trace = traces[responder] {
      let span = unsafe UnsafeBufferPointer(start: bytes, count: count)
      unsafe trace.hear(span.span, from: kind == IHB_EVENT_FROM_HOST ? .host : .bmc, at: now)
    }
    var event = unsafe ihb_event(kind)
    unsafe event.responder = ihb_responder(UInt32(responder.channel))
    unsafe event.bytes = bytes
    unsafe event.length = count
    unsafe report(event)
  }
}

extension ihb_event {
  /// An event of no host.
  init(_ kind: ihb_event_kind, address: UInt64 = 0, value: UInt64 = 0, size: UInt32 = 0) {
    unsafe self.init()
    unsafe self.kind = kind
    unsafe self.size = size
    unsafe self.address = address
    unsafe self.value = value
  }
}
