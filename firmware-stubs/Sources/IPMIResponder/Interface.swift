import CLinux
import IPMI
import LinuxProgram
import SystemInterfaces

/// A system interface, as Linux gives its BMC end to programs: one request for each `read`, one
/// response for each `write`. Linux, include/uapi/linux/bt-bmc.h and ipmi_bmc.h.
///
/// | Interface | Driver              | Request                                | Response  |
/// |-----------|---------------------|----------------------------------------|-----------|
/// | BT        | `bt-bmc`            | length, NetFn/LUN, sequence, cmd, data | likewise  |
/// | KCS       | `kcs_bmc_cdev_ipmi` | NetFn/LUN, command, data               | likewise  |
enum Interface {
  case bt, kcs

  init?(_ name: Argument) {
    if name == "bt" {
      self = .bt
    } else if name == "kcs" {
      self = .kcs
    } else {
      return nil
    }
  }

  /// The most bytes of a response, from NetFn/LUN on: what the iBT's buffer holds.
  var capacity: Int {
    switch self {
    case .bt: BTChannel.messageCapacity
    case .kcs: Message.capacity
    }
  }
}

/// `ioctl` requests; none has an argument.
enum Control {
  /// BT_BMC_IOCTL_SMS_ATN, IPMI_BMC_IOCTL_SET_SMS_ATN.
  static let setAttention: UInt32 = 0xB100
  /// IPMI_BMC_IOCTL_CLEAR_SMS_ATN. BT has none: the host clears it there.
  static let clearAttention: UInt32 = 0xB101
  /// IPMI_BMC_IOCTL_FORCE_ABORT, of KCS.
  static let forceAbort: UInt32 = 0xB102
}

/// A request, as it is taken from the device.
struct Request {
  let message: Message
  /// BT: what the response must carry; KCS has none.
  let sequence: UInt8
}

/// What a `read` of the device gave.
enum ReadResult {
  case request(Request)
  /// A request whose length is none: longer than any here, or shorter than any.
  case malformed
  /// No request: it was taken back, or a signal came.
  case nothing
  /// The device failed with this error number.
  case failed(Int32)
}

/// The open device of a system interface.
struct Device {
  let interface: Interface
  private let file: Int32

  /// The device at `path`, or the error number.
  ///
  /// Waits a second for a program that had it before and is being killed.
  static func open(_ interface: Interface, _ path: Argument) -> Result<Device, LinuxError> {
    let flags = LINUX_O_RDWR.rawValue | LINUX_O_NONBLOCK.rawValue
    var file = path.open(flags)
    var attempts = 100
    while -file == Int32(LINUX_EBUSY.rawValue), attempts > 0 {
      linux_sleep(10)
      file = path.open(flags)
      attempts -= 1
    }
    return file < 0
      ? .failure(LinuxError(number: -file)) : .success(Device(interface: interface, file: file))
  }

  func close() { _ = linux_close(file) }

  /// Waits for a request, for the host to take a response, or for the time to pass.
  ///
  /// - Returns: LINUX_POLLIN and LINUX_POLLOUT, whichever came.
  func wait(forHost: Bool, milliseconds: Int32) -> UInt32 {
    let wanted = LINUX_POLLIN.rawValue | (forHost ? LINUX_POLLOUT.rawValue : 0)
    return UInt32(max(0, linux_poll(file, wanted, milliseconds)))
  }

  /// Takes the request that ``wait(forHost:milliseconds:)`` told of.
  func read() -> ReadResult {
    // More than the driver of KCS holds: a request cut short would be lost, and its host too.
    var bytes: [1024 of UInt8] = .init(repeating: 0)
    var span = bytes.mutableSpan
    let count = unsafe span.withUnsafeMutableBytes {
      unsafe linux_read(file, $0.baseAddress, $0.count)
    }
    switch -count {
    case Int32(LINUX_EAGAIN.rawValue), Int32(LINUX_EINTR.rawValue), Self.errorInputOutput:
      return .nothing
    case 1...: return .failed(-count)
    default: break
    }
    var message: FixedBytes<300> = []
    // BT's length and sequence number stand before and behind NetFn/LUN.
    let isBT = interface == .bt
    let start = isBT ? 1 : 0
    for index in start..<max(start, Int(count)) where !(isBT && index == 2) {
      guard message.append(bytes[index]) else { return .malformed }
    }
    guard let message = Message(message) else { return .malformed }
    return .request(Request(message: message, sequence: isBT ? bytes[2] : 0))
  }

  /// EIO: the host withdrew its request between `poll` and `read`.
  private static var errorInputOutput: Int32 { 5 }

  /// Gives a response to the host; the error number where the driver refuses it.
  ///
  /// - Parameter isWrong: whether its length is to be ``Fault/wrongLength``.
  func write(_ response: Message, sequence: UInt8, isWrong: Bool) -> Int32? {
    var frame: FixedBytes<302> = []
    switch interface {
    case .bt:
      frame.append(UInt8(truncatingIfNeeded: response.count + (isWrong ? 2 : 1)))
      frame.append(response.bytes[0])
      frame.append(sequence)
      frame.append(contentsOf: response.bytes, in: 1..<response.count)
    case .kcs:
      frame.append(contentsOf: response.bytes, in: 0..<response.count - (isWrong ? 1 : 0))
    }
    let count = frame.count
    let bytes = frame.array
    let result = unsafe bytes.span.withUnsafeBytes {
      unsafe linux_write(file, $0.baseAddress, count)
    }
    return result < 0 ? -result : nil
  }

  /// One of ``Control``; the error number where the driver refuses it.
  func control(_ request: UInt32) -> Int32? {
    let result = linux_control(file, request, 0)
    return result < 0 ? -result : nil
  }
}
