import BMCPeripherals
import CMeasure
import RegisterLink
import RegisterLinkFile
import SystemInterfaces

/// A host's KCS ports on a link in a file, as an emulator carries them: what `LPCLink` and
/// `LinkedChannel` of the QEMU library are, without QEMU.
@safe final class LinkedHost {
  static let dataPort: UInt16 = 0xCA2
  static let statusPort: UInt16 = 0xCA3

  private let memory: MappedLink
  private var ports: LateKCSPorts<MappedLink>
  private var lineIsHigh = false
  /// How often the line has moved: what is done with its level must not be optimised away.
  private var edges = 0

  init(_ memory: MappedLink) {
    self.memory = memory
    ports = LateKCSPorts(
      memory, channel: 1, dataPort: Self.dataPort, statusPort: Self.statusPort)
  }

  /// The device as an emulator calls it. It lives as long as the program.
  func device() -> CMeasureDevice {
    unsafe CMeasureDevice(
      read: { opaque, offset, _ in
        unsafe Unmanaged<LinkedHost>.fromOpaque(opaque!)._withUnsafeGuaranteedRef {
          UInt64($0.read(UInt16(truncatingIfNeeded: offset)))
        }
      },
      write: { _, _, _, _ in },
      opaque: Unmanaged.passRetained(self).toOpaque())
  }

  private func read(_ port: UInt16) -> UInt8 {
    let access = ports.read(port)
    if access.concernsBMC { memory.ring() }
    drive(access.interrupt)
    drive(ports.interrupt)
    return access.result
  }

  private func drive(_ level: Bool) {
    guard level != lineIsHigh else { return }
    lineIsHigh.toggle()
    edges &+= 1
  }
}

/// The host reads STR of a channel that a BMC has switched on, again and again.
func measureLink() {
  guard let path = unsafe cmeasure_link_path() else { return }
  func join(_ side: MappedLink.Side) -> MappedLink {
    let link = unsafe MappedLink(path: path, side: side) { problem in
      unsafe cmeasure_print(UnsafeRawPointer(problem).assumingMemoryBound(to: UInt8.self), "", 0)
    }
    link!.surviveTruncation()
    return link!
  }
  _ = LinkedRegisters(NPCM7xxHostInterface(), on: join(.bmc))
  let host = LinkedHost(join(.host))
  var device = unsafe host.device()
  var empty = unsafe cmeasure_empty_device
  let poll = [CMeasureAccess](
    repeating: CMeasureAccess(offset: LinkedHost.statusPort, value: 0, is_write: 0),
    count: 100_000)
  unsafe poll.withUnsafeBufferPointer { accesses in
    let sum = unsafe cmeasure_access(&device, accesses.baseAddress!, accesses.count)
    precondition(sum == 0, "STR of an idle channel")
    Comparison.measure("access.link", operations: accesses.count) {
      _ = unsafe cmeasure_access(&device, accesses.baseAddress!, accesses.count)
    } floor: {
      _ = unsafe cmeasure_access(&empty, accesses.baseAddress!, accesses.count)
    }
  }
}
