import CQEMU
import IPMI

/// The state of the host interface in a block of RAM that no processor sees, so that QEMU saves and
/// migrates it as it does all RAM: `savevm`, `loadvm`, `migrate`.
///
/// QEMU's own way, a `VMStateDescription`, has another layout in every few versions. RAM has none.
/// The block is written when the machine stops, and whenever something changes while it stands; it
/// is read when the machine goes on and the block is no longer what was written.
///
/// | Bytes | What                                                      |
/// |------:|-----------------------------------------------------------|
/// |   0–3 | `IHB1`                                                    |
/// |   4–7 | Number of bytes of the state                              |
/// |  8–11 | Sum of them, each turned by its place: against chance     |
/// |   12– | The state                                                 |
@safe final class Snapshot {
  /// A page or more of RAM, and more than twice what five busy channels have.
  private static let capacity = 16384
  private static let headerSize = 12
  private static let magic: [UInt8] = [0x49, 0x48, 0x42, 0x31]

  private let region = unsafe allocateOpaque(byteCount: 4096)
  /// The RAM.
  private let saved: UnsafeMutablePointer<UInt8>
  /// What was written there last.
  private let written = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
  private let hostInterface: HostInterface
  /// Whether the machine runs.
  private var isRunning = false

  /// A block for the state of `hostInterface`; QEMU must not have begun to run the machine.
  init(of hostInterface: HostInterface) {
    self.hostInterface = hostInterface
    unsafe qemu.memory_region_init_ram(
      region, nil, "ipmi-host-interface.state", UInt64(Self.capacity), nil)
    unsafe saved = qemu.memory_region_get_ram_ptr(region)!.assumingMemoryBound(to: UInt8.self)
    unsafe written.update(repeating: 0, count: Self.capacity)
    _ = unsafe qemu.qemu_add_vm_change_state_handler(
      { opaque, isRunning, _ in
        unsafe Unmanaged<Snapshot>.fromOpaque(opaque!).takeUnretainedValue()
          .machine(isRunning: isRunning)
      },
      Unmanaged.passUnretained(self).toOpaque())
  }

  /// The state may have changed.
  @inline(__always)
  func update() {
    if !isRunning { save() }
  }

  private func machine(isRunning: Bool) {
    if isRunning {
      restoreIfLoaded()
    } else {
      save()
    }
    self.isRunning = isRunning
  }

  /// Writes the state, unless another one has been loaded in the meantime: that one counts.
  private func save() {
    restoreIfLoaded()
    var stream = unsafe SnapshotStream(
      bytes: saved + Self.headerSize, count: Self.capacity - Self.headerSize, isRestoring: false)
    hostInterface.transfer(through: &stream, keeping: false)
    var header = SnapshotHeader(length: UInt32(stream.offset), sum: stream.sum)
    for index in 0..<4 { unsafe saved[index] = Self.magic[index] }
    unsafe header.transfer(at: saved + 4, isRestoring: false)
    unsafe written.update(from: saved, count: Self.headerSize + stream.offset)
    unsafe qemu.memory_region_set_dirty(region, 0, UInt64(Self.capacity))
  }

  /// Takes over what QEMU has loaded; says so where that is not the state of such a machine.
  private func restoreIfLoaded() {
    var header = SnapshotHeader(length: 0, sum: 0)
    unsafe header.transfer(at: written + 4, isRestoring: true)
    let length = Self.headerSize + Int(header.length)
    guard (0..<length).contains(where: { unsafe saved[$0] != written[$0] }) else { return }
    unsafe written.update(from: saved, count: Self.capacity)
    // The first pass looks whether everything is in order; nothing has changed if it is not.
    guard (0..<4).allSatisfy({ unsafe saved[$0] == Self.magic[$0] }), pass(keeping: false),
      pass(keeping: true)
    else {
      let report: StaticString =
        "ipmi-host-extern: the state that was loaded is not this machine's; it goes on as it was"
      return unsafe cqemu_report(report.characters)
    }
  }

  private func pass(keeping: Bool) -> Bool {
    var header = SnapshotHeader(length: 0, sum: 0)
    unsafe header.transfer(at: written + 4, isRestoring: true)
    guard header.length <= Self.capacity - Self.headerSize else { return false }
    var stream = unsafe SnapshotStream(
      bytes: written + Self.headerSize, count: Int(header.length), isRestoring: true)
    hostInterface.transfer(through: &stream, keeping: keeping)
    return !stream.isRejected && stream.offset == Int(header.length) && stream.sum == header.sum
  }
}

/// What precedes the state, after the magic number.
private struct SnapshotHeader {
  var length: UInt32
  var sum: UInt32

  mutating func transfer(at bytes: UnsafeMutablePointer<UInt8>, isRestoring: Bool) {
    var stream = unsafe SnapshotStream(bytes: bytes, count: 8, isRestoring: isRestoring)
    stream.transfer(&length)
    stream.transfer(&sum)
  }
}

/// Bytes of RAM as a stream of state.
@safe struct SnapshotStream: StateStream {
  let isRestoring: Bool
  let now = realTime
  private(set) var isRejected = false
  private(set) var offset = 0
  private(set) var sum: UInt32 = 0
  private let bytes: UnsafeMutablePointer<UInt8>
  private let count: Int

  init(bytes: UnsafeMutablePointer<UInt8>, count: Int, isRestoring: Bool) {
    unsafe self.bytes = bytes
    self.count = count
    self.isRestoring = isRestoring
  }

  mutating func transfer(_ byte: inout UInt8) {
    guard offset < count else { return reject() }
    if isRestoring {
      unsafe byte = bytes[offset]
    } else {
      unsafe bytes[offset] = byte
    }
    sum = (sum << 5 | sum >> 27) ^ UInt32(byte)
    offset += 1
  }

  mutating func reject() { isRejected = true }
}
