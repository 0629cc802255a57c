// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The functions have the names that the header gives them.

import BMCPeripherals
import CIPMIHostBridge

// What the BMC does: registers, interrupts, time.

@c @implementation
public func ihb_read(
  _ soc: OpaquePointer?, _ offset: UInt64, _ size: UInt32, _ value: UnsafeMutablePointer<UInt64>?
) -> ihb_error {
  guard let value = unsafe value else { return failNull("value") }
  return unsafe with(soc) { soc in
    guard isInside(offset, size, soc) else { return outside(offset, size, soc) }
    unsafe value.pointee = soc.read(Int(truncatingIfNeeded: offset), width: Int(size))
    return IHB_OK
  }
}

@c @implementation
public func ihb_write(_ soc: OpaquePointer?, _ offset: UInt64, _ size: UInt32, _ value: UInt64)
  -> ihb_error
{
  unsafe with(soc) { soc in
    guard isInside(offset, size, soc) else { return outside(offset, size, soc) }
    soc.write(value, to: Int(truncatingIfNeeded: offset), width: Int(size))
    return IHB_OK
  }
}

@inline(__always)
private func isInside(_ offset: UInt64, _ size: UInt32, _ soc: SoC) -> Bool {
  offset < soc.chip.size && size &- 1 < 8
}

@inline(never)
private func outside(_ offset: UInt64, _ size: UInt32, _ soc: SoC) -> ihb_error {
  guard offset >= soc.chip.size else {
    return fail(IHB_ERROR_OUT_OF_RANGE, "an access of ", UInt64(size), " bytes: 1 to 8 are one")
  }
  return fail(
    IHB_ERROR_OUT_OF_RANGE, "offset ", offset, " is not below the size that ihb_describe says")
}

@c @implementation
public func ihb_on_interrupt(
  _ soc: OpaquePointer?, _ function: ihb_interrupt_fn?, _ user: UnsafeMutableRawPointer?
) -> ihb_error {
  unsafe with(soc) { soc in
    unsafe soc.setInterruptHandler(function, user)
    return IHB_OK
  }
}

@c @implementation
public func ihb_interrupt_level(
  _ soc: OpaquePointer?, _ number: UInt32, _ level: UnsafeMutablePointer<Bool>?
) -> ihb_error {
  guard let level = unsafe level else { return failNull("level") }
  return unsafe with(soc) { soc in
    guard let isHigh = soc.level(ofLine: number) else {
      return fail(
        IHB_ERROR_OUT_OF_RANGE, "the chip's host interface has no interrupt line ", UInt64(number),
        ": see ihb_describe")
    }
    unsafe level.pointee = isHigh
    return IHB_OK
  }
}

@c @implementation
public func ihb_advance(_ soc: OpaquePointer?, _ now: UInt64) -> ihb_error {
  unsafe with(soc) { soc in
    soc.passTime(now: now)
    let error = soc.serveHosts()
    soc.follow()
    return error
  }
}

@c @implementation
public func ihb_deadline(_ soc: OpaquePointer?, _ deadline: UnsafeMutablePointer<UInt64>?)
  -> ihb_error
{
  guard let deadline = unsafe deadline else { return failNull("deadline") }
  return unsafe with(soc) { soc in
    unsafe deadline.pointee = soc.deadline
    return IHB_OK
  }
}
