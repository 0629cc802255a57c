import CFUSE
import Glibc
import IPMI
import VMProtocol

/// `/dev/ipmi0` for a host's software, in front of a BMC that speaks the VM protocol.
final class HostFile: FileCalls, ServedDevice {
  private var driver = IPMIDriver()
  private var decoder = VMDecoder(role: .vm)
  private var output = VMOutput<2048>()
  private var connection: Int32
  private let observer: (WireEvent) -> Void
  private var file: (any FileSource)?
  let hasPositions = false
  let hostIsDone = false
  let wantsRestart = false

  func programEnded(_ status: Int32) -> Bool { false }

  /// - Parameter path: the Unix socket at which the BMC listens.
  init(path: String, observer: @escaping (WireEvent) -> Void = { _ in }) throws {
    self.observer = observer
    connection = try connectToUnixSocket(path)
    observer(.connected)
    _ = output.append(control: .version, argument: VMControl.protocolVersion)
    _ = output.append(control: .capabilities, argument: VMCapabilities.attention.rawValue)
  }

  deinit { disconnect() }

  func attach(to opener: FileOpener) throws { file = try opener.source(for: self) }

  func detach() { file = nil }

  // MARK: The loop

  var descriptors: [Descriptor] {
    var all = file?.descriptors.map { Descriptor(number: $0) } ?? []
    if connection >= 0 {
      all.append(Descriptor(number: connection, forOutput: !output.isEmpty))
    }
    return all
  }

  var deadline: UInt64? { driver.deadline }

  func run() {
    while file?.receive() == true {}
    receive()
    driver.advance(now: monotonicTime())
    if connection < 0 { driver.fail(.responseNotProvided) }
    if output.free > 1024, let (id, request) = driver.takeRequest(now: monotonicTime()) {
      _ = output.append(id: id, message: request)
    }
    send()
    let woken = driver.takeWoken()
    for (number, owner) in owners where woken.contains(owner) { file?.wake(number) }
    file?.settled()
  }

  private func receive() {
    guard connection >= 0 else { return }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = unsafe recv(connection, &bytes, bytes.count, 0)
    if count == 0 || count < 0 && errno != EAGAIN && errno != EINTR { disconnect() }
    bytes.removeLast(bytes.count - max(0, count))
    if !bytes.isEmpty { observer(.bmcSent(bytes)) }
    for byte in bytes {
      switch decoder.feed(byte) {
      case .message(let id, let message): driver.answer(id, message)
      case .control(.attention, _), .control(.attentionWithInterrupt, _): driver.attention()
      default: break
      }
    }
  }

  private func send() {
    guard connection >= 0, !output.isEmpty else { return }
    var chunk = FixedBytes<512>()
    output.copy(into: &chunk)
    let bytes = (0..<chunk.count).map { chunk[$0] }
    let count = unsafe Glibc.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    if count < 0, errno != EAGAIN, errno != EINTR { disconnect() }
    if count > 0 { observer(.hostSent(Array(bytes.prefix(count)))) }
    output.removeFirst(max(0, count))
  }

  private func disconnect() {
    guard connection >= 0 else { return }
    close(connection)
    connection = -1
    output.removeAll()
    observer(.disconnected)
  }

  // MARK: The file

  func open(_ file: UInt64) -> DriverError? {
    owners[file] = driver.open()
    return nil
  }

  /// FUSE's number of an open file, and the driver's.
  private var owners: [UInt64: UInt64] = [:]

  func release(_ file: UInt64) {
    if let owner = owners.removeValue(forKey: file) { driver.release(owner) }
  }

  func read(_ call: FileCall, _ count: Int) { call.fail(.invalid) }
  func write(_ call: FileCall, _ bytes: Span<UInt8>) { call.fail(.invalid) }
  func interrupted(_ call: FileCall) {}

  func poll(_ file: UInt64) -> PollEvents { owners[file].map { driver.poll($0) } ?? [] }

  func control(_ call: ControlCall) {
    guard let owner = owners[call.file] else { return call.fail(EINVAL) }
    switch call.request {
    case HostControl.sendCommand: send(call, owner)
    case HostControl.receiveMessage: receive(call, owner, cuts: false)
    case HostControl.receiveMessageCut: receive(call, owner, cuts: true)
    case HostControl.setAddress:
      guard let address = call.read(UInt32.self) else { return call.fail(EFAULT) }
      driver.setAddress(address, owner)
      call.succeed()
    case HostControl.getAddress: call.succeed(driver.address(owner))
    case HostControl.setLUN:
      guard let lun = call.read(UInt32.self) else { return call.fail(EFAULT) }
      driver.setLUN(lun, owner)
      call.succeed()
    case HostControl.getLUN: call.succeed(driver.lun(owner))
    case HostControl.setGetsEvents:
      guard let isWanted = call.read(Int32.self) else { return call.fail(EFAULT) }
      driver.setGetsEvents(isWanted != 0, owner)
      call.succeed()
    default: call.fail(ENOTTY)
    }
  }

  private func send(_ call: ControlCall, _ owner: UInt64) {
    guard let request = unsafe call.read(ipmi_req.self),
      let address = unsafe call.read(
        ipmi_system_interface_addr.self, at: UInt(bitPattern: request.addr))
    else { return call.fail(EFAULT) }
    let message = unsafe request.msg
    guard unsafe request.addr_len >= UInt32(MemoryLayout<ipmi_system_interface_addr>.size),
      address.addr_type == IPMI_SYSTEM_INTERFACE_ADDR_TYPE, address.lun < 4,
      unsafe message.netfn < 0x40, unsafe message.netfn & 1 == 0
    else { return call.fail(EINVAL) }
    guard unsafe Int(message.data_len) <= Message.capacity - 2 else { return call.fail(EMSGSIZE) }
    guard
      let data = unsafe call.readBytes(
        at: UInt(bitPattern: message.data), count: Int(message.data_len))
    else { return call.fail(EFAULT) }
    let bytes = unsafe [message.netfn << 2 | address.lun, message.cmd] + data
    guard let sent = Message(bytes.span) else { return call.fail(EINVAL) }
    driver.send(sent, number: unsafe request.msgid, from: owner)
    call.succeed()
  }

  private func receive(_ call: ControlCall, _ owner: UInt64, cuts: Bool) {
    guard var result = unsafe call.read(ipmi_recv.self) else { return call.fail(EFAULT) }
    let addressSize = MemoryLayout<ipmi_system_interface_addr>.size
    guard unsafe result.addr_len >= UInt32(addressSize) else { return call.fail(EINVAL) }
    let room = unsafe Int(result.msg.data_len)
    guard
      let (received, isTaken) = driver.receive(
        owner, fits: { cuts || $0.response.count - ($0.isEvent ? 3 : 2) <= room })
    else { return call.fail(EAGAIN) }
    guard isTaken else { return call.fail(EMSGSIZE) }
    let response = received.response
    // An event comes without its completion code.
    let data = ((received.isEvent ? 3 : 2)..<response.count).map { response.bytes[$0] }
    var address = ipmi_system_interface_addr()
    address.addr_type = Int32(IPMI_SYSTEM_INTERFACE_ADDR_TYPE)
    address.channel = Int16(IPMI_BMC_CHANNEL)
    address.lun = response.lun.rawValue
    let addressBytes = unsafe withUnsafeBytes(of: address) { unsafe Array($0) }
    guard unsafe call.write(addressBytes, at: UInt(bitPattern: result.addr)),
      unsafe call.write(Array(data.prefix(room)), at: UInt(bitPattern: result.msg.data))
    else { return call.fail(EFAULT) }
    unsafe result.recv_type =
      received.isEvent ? IPMI_ASYNC_EVENT_RECV_TYPE : IPMI_RESPONSE_RECV_TYPE
    unsafe result.addr_len = UInt32(addressSize)
    unsafe result.msgid = received.number
    unsafe result.msg.netfn = response.netFn.rawValue
    unsafe result.msg.cmd = response.command.code
    unsafe result.msg.data_len = UInt16(min(data.count, room))
    guard data.count <= room else {
      // What was cut is given, and the call fails: FUSE gives a call that fails nothing, so here.
      guard unsafe call.write(result) else { return call.fail(EFAULT) }
      return call.fail(EMSGSIZE)
    }
    unsafe call.succeed(result)
  }
}

/// The numbers of the `ioctl`s. Linux, include/uapi/linux/ipmi.h, for 64-bit processors.
enum HostControl {
  static let receiveMessageCut = unsafe number(0xC000_0000, ipmi_recv.self, 11)
  static let receiveMessage = unsafe number(0xC000_0000, ipmi_recv.self, 12)
  static let sendCommand = unsafe number(0x8000_0000, ipmi_req.self, 13)
  static let setGetsEvents = number(0x8000_0000, Int32.self, 16)
  static let setAddress = number(0x8000_0000, UInt32.self, 17)
  static let getAddress = number(0x8000_0000, UInt32.self, 18)
  static let setLUN = number(0x8000_0000, UInt32.self, 19)
  static let getLUN = number(0x8000_0000, UInt32.self, 20)

  /// `_IOR('i', …)` and `_IOWR('i', …)`.
  private static func number<Argument>(
    _ direction: UInt32, _ argument: Argument.Type, _ number: UInt32
  ) -> UInt32 {
    direction | UInt32(MemoryLayout<Argument>.size) << 16 | 0x6900 | number
  }
}
