import CQEMU

/// The QEMU that has loaded this library: its functions, under their own names.
///
/// They are called with QEMU's big lock held, as QEMU calls this library.
var qemu: CQEMUFunctions { unsafe cqemu_functions().pointee }

/// Nanoseconds of QEMU's real-time clock, which runs on while the machine is paused.
///
/// The machine at the other end of the wire has a clock of its own, so time-outs are no business
/// of this machine's virtual clock. `QEMU_CLOCK_REALTIME` is 0.
var realTime: UInt64 {
  UInt64(truncatingIfNeeded: qemu.qemu_clock_get_ns(realTimeClock))
}

let realTimeClock: Int32 = 0

/// Zeroed memory for a QEMU structure whose layout is QEMU's own; never freed.
func allocateOpaque(byteCount: Int) -> UnsafeMutableRawPointer {
  let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
  unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
  return unsafe memory
}

/// Puts registers into an address space, in front of whatever the machine itself has there.
///
/// - Parameters:
///   - operations: QEMU's `MemoryRegionOps`.
///   - opaque: What they are called with.
func addRegion(
  named name: StaticString, _ operations: UnsafeRawPointer, _ opaque: UnsafeMutableRawPointer,
  to space: UnsafeMutableRawPointer?, at base: UInt64, size: UInt64
) {
  let region = unsafe allocateOpaque(byteCount: 4096)
  unsafe qemu.memory_region_init_io(region, nil, operations, opaque, name.characters, size)
  unsafe qemu.memory_region_add_subregion_overlap(space, base, region, 10)
}

/// A version of QEMU.
struct QEMUVersion: Equatable {
  var major: Int64
  var minor: Int64

  /// What the library has been tested with, and where `DeviceClass.hotpluggable` is there.
  static let tested: [2 of (version: QEMUVersion, hotpluggable: Int)] = [
    (QEMUVersion(major: 7, minor: 2), 129),
    (QEMUVersion(major: 10, minor: 0), 131),
  ]

  /// The version that runs, from the answer to QMP's `query-version`, which has no layout to know.
  ///
  /// The answer, one small dictionary, is not freed: that takes QEMU's headers.
  static var running: QEMUVersion {
    var answer: UnsafeMutableRawPointer?
    unsafe qemu.qmp_marshal_query_version(qemu.qdict_new(), &answer, nil)
    guard let answer = unsafe answer else { return QEMUVersion(major: 0, minor: 0) }
    let version = unsafe qemu.qdict_get_qdict(answer, "qemu")
    return unsafe QEMUVersion(
      major: qemu.qdict_get_int(version, "major"), minor: qemu.qdict_get_int(version, "minor"))
  }

  /// Where `DeviceClass.hotpluggable` is; `nil` for a version that has not been tested.
  var hotpluggableOffset: Int? {
    for index in Self.tested.indices where Self.tested[index].version == self {
      return Self.tested[index].hotpluggable
    }
    return nil
  }

  /// Refuses a version that has not been tested, unless the user insists.
  func check() throws(RealizationError) {
    guard hotpluggableOffset == nil else { return }
    guard unsafe qemu.g_getenv("IPMI_HOST_BRIDGE_ANY_QEMU") == nil else { return }
    throw RealizationError(
      "QEMU ", .number(major), ".", .number(minor), " is untested, 7.2 and 10.0 are supported;",
      " IPMI_HOST_BRIDGE_ANY_QEMU=1 in the environment tries it all the same")
  }
}
