import CIPMIHostBridge
import IPMI
import SystemInterfaces
import Testing

/// An `ihb_soc` as an emulator has it, whose functions must all succeed.
@safe final class Chip {
  let soc: OpaquePointer
  /// Interrupt lines as the library has told them last.
  private(set) var levels: [UInt32: Bool] = [:]
  /// Every change it told of.
  private(set) var edges: [Edge] = []

  struct Edge: Equatable {
    var line: UInt32
    var level: Bool
  }

  init(_ name: String) throws {
    var soc: OpaquePointer?
    unsafe try Self.check(ihb_create(name, &soc))
    unsafe self.soc = try #require(unsafe soc)
    unsafe try Self.check(
      ihb_on_interrupt(
        self.soc, { user, line, level in unsafe Chip.from(user).took(line, level) }, user))
  }

  deinit { unsafe ihb_destroy(soc) }

  /// What a callback is given for this object.
  var user: UnsafeMutableRawPointer { unsafe Unmanaged.passUnretained(self).toOpaque() }

  static func from(_ user: UnsafeMutableRawPointer?) -> Chip {
    unsafe Unmanaged<Chip>.fromOpaque(user!).takeUnretainedValue()
  }

  private func took(_ line: UInt32, _ level: Bool) {
    #expect(levels[line] ?? false != level, "line \(line) was told twice that it is \(level)")
    levels[line] = level
    edges.append(Edge(line: line, level: level))
  }

  /// Throws where a function has failed.
  static func check(_ error: ihb_error) throws {
    guard error == IHB_OK else { throw Failure(error) }
  }

  struct Failure: Error, CustomStringConvertible {
    var error: ihb_error
    var description: String

    init(_ error: ihb_error) {
      self.error = error
      description = unsafe String(cString: ihb_last_error_message())
    }
  }

  // MARK: The BMC

  func read(_ offset: UInt64, _ size: UInt32 = 1) throws -> UInt64 {
    var value: UInt64 = 0
    unsafe try Self.check(ihb_read(soc, offset, size, &value))
    return value
  }

  func write(_ value: UInt64, to offset: UInt64, _ size: UInt32 = 1) throws {
    unsafe try Self.check(ihb_write(soc, offset, size, value))
  }

  func level(ofLine number: UInt32) throws -> Bool {
    var level = false
    unsafe try Self.check(ihb_interrupt_level(soc, number, &level))
    return level
  }

  func description() throws -> ihb_description {
    var description = unsafe ihb_description()
    unsafe try Self.check(ihb_describe(soc, &description))
    return unsafe description
  }

  func advance(to now: UInt64) throws { unsafe try Self.check(ihb_advance(soc, now)) }

  func deadline() throws -> UInt64 {
    var deadline: UInt64 = 0
    unsafe try Self.check(ihb_deadline(soc, &deadline))
    return deadline
  }

  // MARK: Hosts

  func send(_ bytes: [UInt8], to responder: ihb_responder) throws {
    var taken = 0
    unsafe try Self.check(ihb_wire_send(soc, responder, bytes, bytes.count, &taken))
    try #require(taken == bytes.count)
  }

  /// All bytes that wait for the host.
  func receive(from responder: ihb_responder) throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 4096)
    var length = 0
    unsafe try Self.check(ihb_wire_receive(soc, responder, &buffer, buffer.count, &length))
    return Array(buffer[..<length])
  }

  func isConnected(_ responder: ihb_responder) throws -> Bool {
    var isConnected = false
    unsafe try Self.check(ihb_is_connected(soc, responder, &isConnected))
    return isConnected
  }

  func portRead(_ port: UInt16) throws -> UInt8 {
    var value: UInt8 = 0
    unsafe try Self.check(ihb_port_read(soc, port, &value))
    return value
  }

  func portWrite(_ value: UInt8, to port: UInt16) throws {
    unsafe try Self.check(ihb_port_write(soc, port, value))
  }

  // MARK: State

  func save() throws -> [UInt8] {
    var length = 0
    let sized = unsafe ihb_save(soc, nil, 0, &length)
    try #require(sized == IHB_ERROR_TOO_SMALL)
    var bytes = [UInt8](repeating: 0, count: length)
    unsafe try Self.check(ihb_save(soc, &bytes, bytes.count, &length))
    try #require(length == bytes.count)
    return bytes
  }

  func restore(_ bytes: [UInt8]) -> ihb_error {
    unsafe ihb_restore(soc, bytes, bytes.count)
  }
}

/// KCS1 of an NPCM750 as its firmware reaches it.
struct KCSPort: KCSBMCRegisters {
  let chip: Chip
  /// Accesses made.
  var count = 0

  mutating func bmcReadStatus() -> KCSStatus { KCSStatus(rawValue: load(0x0C)) }
  mutating func bmcWriteStatus(_ value: KCSStatus) { store(value.rawValue, to: 0x0C) }
  mutating func bmcReadData() -> UInt8 { load(0x10) }
  mutating func bmcWriteData(_ value: UInt8) { store(value, to: 0x0E) }

  private mutating func load(_ offset: UInt64) -> UInt8 {
    count += 1
    do { return UInt8(truncatingIfNeeded: try chip.read(offset)) } catch {
      Issue.record(error)
      return 0
    }
  }

  private mutating func store(_ value: UInt8, to offset: UInt64) {
    count += 1
    do { try chip.write(UInt64(value), to: offset) } catch { Issue.record(error) }
  }
}

/// Firmware that answers every request with its own data, by KCS1 of an NPCM750.
struct Firmware {
  /// Its interrupt.
  static let line: UInt32 = 9

  var port: KCSPort
  private var responder = KCSResponder<300>()
  /// Requests that it took.
  private(set) var requests: [Message] = []

  init(_ chip: Chip) throws {
    port = KCSPort(chip: chip)
    try chip.write(1, to: 0x18)  // CTL: IBFIE
  }

  /// The same firmware at the registers of another chip.
  func moved(to chip: Chip) -> Firmware {
    var copy = self
    copy.port = KCSPort(chip: chip)
    return copy
  }

  /// Serves one interrupt; whether there was one.
  mutating func step() throws -> Bool {
    guard try port.chip.level(ofLine: Self.line) else { return false }
    responder.service(&port)
    if let bytes = responder.takeRequest(), let request = Message(bytes) {
      requests.append(request)
      var response = Message(respondingTo: request)
      for index in 0..<request.dataCount { response.append(request.data(index) ?? 0) }
      responder.respond(response.bytes, on: &port)
    }
    return true
  }

  /// Serves interrupts until there is none.
  mutating func run() throws {
    while try step() {}
  }
}
