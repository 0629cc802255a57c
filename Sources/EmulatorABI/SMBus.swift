// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The functions have the names that the header gives them.

import BMCPeripherals
import CIPMIHostBridge
import SystemInterfaces

// A host by SMBus.

@c @implementation
public func ihb_attach_smbus(
  _ soc: OpaquePointer?, _ responder: ihb_responder, _ address: UInt8, _ control: ihb_control_fn?,
  _ user: UnsafeMutableRawPointer?
) -> ihb_error {
  unsafe with(soc, responder) { soc, responder in
    // Others are reserved: SMBus 2.0, section 5.2.
    guard (0x08...0x77).contains(address), address != 0x0C else {
      return fail(
        IHB_ERROR_OUT_OF_RANGE, "SMBus address ", UInt64(address),
        " is none for a target: give 7 bits, 8 to 119, but 12")
    }
    let host = unsafe SMBusEnd(responder, address: address, control: control, user: user)
    let error = attach(host, to: soc)
    if error == IHB_OK {
      host.connect(soc)
      soc.follow()
    }
    return error
  }
}

/// Lets the bus do something to the target, and follows what comes of it.
private func access<Result>(
  _ handle: OpaquePointer?, _ number: ihb_responder, _ result: UnsafeMutablePointer<Result>,
  _ event: (inout SSIFTarget, _ now: UInt64) -> Result
) -> ihb_error {
  unsafe with(handle, number) { soc, responder in
    guard let host = soc[responder]?.smbus else { return noHost() }
    unsafe result.pointee = host.access(soc, event)
    soc.follow()
    return IHB_OK
  }
}

@c @implementation
public func ihb_smbus_start(
  _ soc: OpaquePointer?, _ responder: ihb_responder, _ reads: Bool,
  _ acknowledged: UnsafeMutablePointer<Bool>?
) -> ihb_error {
  guard let acknowledged = unsafe acknowledged else { return failNull("acknowledged") }
  return unsafe access(soc, responder, acknowledged) { target, now in
    target.start(reads ? .read : .write, now: now)
  }
}

@c @implementation
public func ihb_smbus_write(
  _ soc: OpaquePointer?, _ responder: ihb_responder, _ byte: UInt8,
  _ acknowledged: UnsafeMutablePointer<Bool>?
) -> ihb_error {
  guard let acknowledged = unsafe acknowledged else { return failNull("acknowledged") }
  return unsafe access(soc, responder, acknowledged) { target, _ in target.write(byte) }
}

@c @implementation
public func ihb_smbus_read(
  _ soc: OpaquePointer?, _ responder: ihb_responder, _ byte: UnsafeMutablePointer<UInt8>?
) -> ihb_error {
  guard let byte = unsafe byte else { return failNull("byte") }
  return unsafe access(soc, responder, byte) { target, _ in target.read() }
}

@c @implementation
public func ihb_smbus_stop(_ soc: OpaquePointer?, _ responder: ihb_responder) -> ihb_error {
  var isDone = false
  return unsafe access(soc, responder, &isDone) { target, now in
    target.stop(now: now)
    return true
  }
}

@c @implementation
public func ihb_smbus_alert(
  _ soc: OpaquePointer?, _ responder: ihb_responder, _ isAsserted: UnsafeMutablePointer<Bool>?
) -> ihb_error {
  guard let isAsserted = unsafe isAsserted else { return failNull("is_asserted") }
  return unsafe access(soc, responder, isAsserted) { target, _ in target.alert }
}

@c @implementation
public func ihb_smbus_alert_response(
  _ soc: OpaquePointer?, _ responder: ihb_responder, _ byte: UnsafeMutablePointer<UInt8>?,
  _ acknowledged: UnsafeMutablePointer<Bool>?
) -> ihb_error {
  guard let byte = unsafe byte else { return failNull("byte") }
  guard let acknowledged = unsafe acknowledged else { return failNull("acknowledged") }
  var response: UInt8?
  let error = unsafe access(soc, responder, &response) { target, _ in target.alertResponse() }
  guard error == IHB_OK else { return error }
  unsafe byte.pointee = response ?? 0xFF
  unsafe acknowledged.pointee = response != nil
  return IHB_OK
}
