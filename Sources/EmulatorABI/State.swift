// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The functions have the names that the header gives them.

import BMCPeripherals
import CIPMIHostBridge

// State and tracing.

@c @implementation
public func ihb_save(
  _ soc: OpaquePointer?, _ bytes: UnsafeMutablePointer<UInt8>?, _ capacity: Int,
  _ length: UnsafeMutablePointer<Int>?
) -> ihb_error {
  guard let length = unsafe length else { return failNull("length") }
  if unsafe bytes == nil && capacity != 0 { return failNull("bytes") }
  return unsafe with(soc) { soc in
    // Nothing is written where it does not fit.
    var sized = unsafe StateBytes(writingTo: nil, capacity: 0, now: soc.now)
    write(soc, to: &sized)
    unsafe length.pointee = sized.offset
    guard sized.offset <= capacity else {
      return fail(
        IHB_ERROR_TOO_SMALL, "the state has ", UInt64(sized.offset), " bytes, the buffer has fewer")
    }
    var stream = unsafe StateBytes(writingTo: bytes, capacity: capacity, now: soc.now)
    write(soc, to: &stream)
    return IHB_OK
  }
}

private func write(_ soc: SoC, to stream: inout StateBytes) {
  stream.transferHeader(of: soc.chip.place)
  soc.save(through: &stream)
  stream.writeSum()
}

@c @implementation
public func ihb_restore(
  _ soc: OpaquePointer?, _ bytes: UnsafePointer<UInt8>?, _ length: Int
) -> ihb_error {
  guard let bytes = unsafe bytes else { return failNull("bytes") }
  return unsafe with(soc) { soc in
    var stream = unsafe StateBytes(reading: bytes, count: max(length, 0), now: soc.now)
    stream.transferHeader(of: soc.chip.place)
    guard !stream.isRejected, soc.restore(through: &stream) else {
      return unsafe fail(
        IHB_ERROR_BAD_STATE, "no state that ihb_save has stored for ", soc.chip.name.characters,
        " with hosts at the same channels")
    }
    soc.followRestored()
    return IHB_OK
  }
}

extension SystemOnChip {
  /// Its place in the list of all.
  fileprivate var place: Int {
    let all = Self.all
    for index in all.indices where unsafe all[index].name.utf8Start == name.utf8Start {
      return index
    }
    return all.count
  }
}
