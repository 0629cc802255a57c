// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The functions have the names that the header gives them.

import BMCPeripherals
import CIPMIHostBridge
import IPMI
import VMProtocol

// Hosts by messages.

@c @implementation
public func ihb_attach_wire(_ soc: OpaquePointer?, _ responder: ihb_responder) -> ihb_error {
  unsafe with(soc, responder) { soc, responder in attach(WireEnd(responder), to: soc) }
}

@c @implementation
public func ihb_attach_fd(
  _ soc: OpaquePointer?, _ responder: ihb_responder, _ descriptor: Int32
) -> ihb_error {
  unsafe with(soc, responder) { soc, responder in
    guard descriptor >= 0 else {
      return fail(
        IHB_ERROR_OUT_OF_RANGE, "a file descriptor is 0 or more, and this one is negative")
    }
    return attach(DescriptorEnd(responder, descriptor), to: soc)
  }
}

@c @implementation
public func ihb_attach_messages(
  _ soc: OpaquePointer?, _ responder: ihb_responder, _ response: ihb_response_fn?,
  _ control: ihb_control_fn?, _ user: UnsafeMutableRawPointer?
) -> ihb_error {
  unsafe with(soc, responder) { soc, responder in
    let host = unsafe MessagesEnd(responder, response: response, control: control, user: user)
    let error = attach(host, to: soc)
    if error == IHB_OK { host.push(soc) }
    return error
  }
}

/// Gives the channel its host, and connects it.
func attach(_ host: MessageEnd, to soc: SoC) -> ihb_error {
  guard soc[host.responder] == nil, soc.attach(host.responder) else {
    return fail(
      IHB_ERROR_TAKEN, "the channel has a host already: ihb_detach it first, unless it has ports")
  }
  soc[host.responder] = host
  soc.connected(host.responder)
  soc.follow()
  return IHB_OK
}

@c @implementation
public func ihb_detach(_ soc: OpaquePointer?, _ responder: ihb_responder) -> ihb_error {
  unsafe with(soc, responder) { soc, responder in
    guard soc[responder] != nil else { return noHost() }
    soc.disconnected(responder)
    soc[responder] = nil
    soc.follow()
    return IHB_OK
  }
}

func noHost() -> ihb_error {
  fail(IHB_ERROR_NO_HOST, "the channel has no host by messages of this kind: attach one first")
}

@c @implementation
public func ihb_is_connected(
  _ soc: OpaquePointer?, _ responder: ihb_responder, _ isConnected: UnsafeMutablePointer<Bool>?
) -> ihb_error {
  guard let isConnected = unsafe isConnected else { return failNull("is_connected") }
  return unsafe with(soc, responder) { soc, responder in
    unsafe isConnected.pointee = soc[responder] != nil && soc.isConnected(responder)
    return IHB_OK
  }
}

@c @implementation
public func ihb_wire_send(
  _ soc: OpaquePointer?, _ responder: ihb_responder, _ bytes: UnsafePointer<UInt8>?, _ length: Int,
  _ taken: UnsafeMutablePointer<Int>?
) -> ihb_error {
  guard let taken = unsafe taken else { return failNull("taken") }
  guard let bytes = unsafe bytes else { return failNull("bytes") }
  return unsafe with(soc, responder) { soc, responder in
    guard soc[responder]?.isWire == true else { return noHost() }
    // Whatever a size says, no host sends this much at once.
    let count = min(max(length, 0), 1 << 20)
    let buffer = unsafe UnsafeBufferPointer(start: bytes, count: count)
    let received = unsafe soc.receive(buffer.span, from: responder)
    unsafe taken.pointee = received
    unsafe soc.report(IHB_EVENT_FROM_HOST, of: responder, bytes, received)
    soc.follow()
    return IHB_OK
  }
}

@c @implementation
public func ihb_wire_receive(
  _ soc: OpaquePointer?, _ responder: ihb_responder, _ bytes: UnsafeMutablePointer<UInt8>?,
  _ capacity: Int, _ length: UnsafeMutablePointer<Int>?
) -> ihb_error {
  guard let length = unsafe length else { return failNull("length") }
  guard let bytes = unsafe bytes else { return failNull("bytes") }
  return unsafe with(soc, responder) { soc, responder in
    guard soc[responder]?.isWire == true else { return noHost() }
    var chunk = FixedBytes<512>()
    var count = 0
    while count < capacity, soc.hasOutput(of: responder) {
      soc.copyOutput(of: responder, into: &chunk)
      let part = min(chunk.count, capacity - count)
      for index in 0..<part { unsafe bytes[count + index] = chunk[index] }
      count += part
      soc.consumeOutput(part, of: responder)
    }
    unsafe length.pointee = count
    unsafe soc.report(IHB_EVENT_TO_HOST, of: responder, bytes, count)
    soc.follow()
    return IHB_OK
  }
}

@c @implementation
public func ihb_request(
  _ soc: OpaquePointer?, _ responder: ihb_responder, _ netFn: UInt8, _ command: UInt8,
  _ data: UnsafePointer<UInt8>?, _ length: Int
) -> ihb_error {
  if unsafe data == nil && length != 0 { return failNull("data") }
  guard length >= 0, length <= Message.capacity - Message.minimumLength else {
    return fail(
      IHB_ERROR_OUT_OF_RANGE, "a request has 298 bytes of data at most, and here are ",
      UInt64(bitPattern: Int64(length)), "")
  }
  return unsafe with(soc, responder) { soc, responder in
    guard let host = soc[responder]?.messages else { return noHost() }
    var message = FixedBytes<300>()
    message.append(netFn)
    message.append(command)
    for index in 0..<length { unsafe message.append(data![index]) }
    guard let message = Message(message), host.send(message, soc) else {
      return fail(IHB_ERROR_FULL, "the BMC has not taken the requests before this one")
    }
    soc.follow()
    return IHB_OK
  }
}

@c @implementation
public func ihb_ask(
  _ soc: OpaquePointer?, _ responder: ihb_responder, _ control: ihb_control
) -> ihb_error {
  unsafe with(soc, responder) { soc, responder in
    guard soc[responder] != nil else { return noHost() }
    switch control {
    case IHB_CONTROL_POWER_OFF, IHB_CONTROL_RESET, IHB_CONTROL_NMI,
      IHB_CONTROL_GRACEFUL_SHUTDOWN:
      break
    default:
      return fail(
        IHB_ERROR_OUT_OF_RANGE, "control ", UInt64(control.rawValue),
        " is not power off, reset, NMI or graceful shutdown")
    }
    guard soc.control(VMControl(rawValue: UInt8(control.rawValue)), of: responder) else {
      return fail(
        IHB_ERROR_UNSUPPORTED, "the host has not said that it can do this, or is not there")
    }
    return IHB_OK
  }
}
