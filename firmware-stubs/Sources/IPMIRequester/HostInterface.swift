import CIPMIDevice
import CLinux
import IPMI
import LinuxProgram

/// The open `/dev/ipmiN`: the host's driver, and behind it its BMC.
struct HostInterface {
  private let file: Int32

  /// What the driver has for the program.
  enum Received {
    /// A response, its completion code first, and the number of its request.
    case response(number: UInt32, NetFn, FixedBytes<300>)
    /// The SEL record of an event, 16 bytes.
    case event(FixedBytes<300>)
    /// Nothing of either.
    case other
    /// The driver failed with this error number.
    case failed(Int32)
  }

  /// The device at `path`, with events, or the error number.
  static func open(_ path: Argument) -> Result<HostInterface, LinuxError> {
    let file = path.open(LINUX_O_RDWR.rawValue)
    if file < 0 { return .failure(LinuxError(number: -file)) }
    let result = ipmi_take_events(file)
    return result < 0
      ? .failure(LinuxError(number: -result)) : .success(HostInterface(file: file))
  }

  /// Sends a request under a number; the error number where the driver refuses it.
  func send(_ request: Message, number: UInt32) -> Int32? {
    let bytes = request.bytes.array
    let count = request.dataCount
    let result = unsafe bytes.span.withUnsafeBytes {
      unsafe ipmi_send(
        file, Int64(number), request.netFn.rawValue, request.command.code,
        $0.baseAddress!.advanced(by: request.dataOffset).assumingMemoryBound(to: UInt8.self),
        UInt16(count))
    }
    return result < 0 ? -result : nil
  }

  /// Waits for the driver to have something, for at most `milliseconds`.
  func wait(milliseconds: Int32) -> Bool {
    linux_poll(file, LINUX_POLLIN.rawValue, milliseconds) > 0
  }

  /// Takes what ``wait(milliseconds:)`` told of.
  func receive() -> Received {
    var received = ipmi_received()
    var data: [300 of UInt8] = .init(repeating: 0)
    var span = data.mutableSpan
    let result = unsafe span.withUnsafeMutableBytes {
      unsafe ipmi_receive(
        file, &received, $0.baseAddress!.assumingMemoryBound(to: UInt8.self), UInt16($0.count))
    }
    // EMSGSIZE: more than there is room for, and no response of ours.
    if result < 0 { return .failed(-result) }
    var bytes: FixedBytes<300> = []
    for index in 0..<min(300, Int(received.count)) { bytes.append(data[index]) }
    switch UInt32(bitPattern: received.type) {
    case IPMI_RECEIVED_RESPONSE.rawValue:
      return .response(
        number: UInt32(truncatingIfNeeded: received.number), NetFn(rawValue: received.netfn), bytes)
    case IPMI_RECEIVED_EVENT.rawValue: return .event(bytes)
    default: return .other
    }
  }
}
