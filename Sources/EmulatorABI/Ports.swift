// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The functions have the names that the header gives them.

import BMCPeripherals
import CIPMIHostBridge

// Hosts that have I/O ports.

@c @implementation
public func ihb_map_ports(
  _ soc: OpaquePointer?, _ responder: ihb_responder, _ dataPort: UInt16, _ statusPort: UInt16
) -> ihb_error {
  unsafe with(soc, responder) { soc, responder in
    guard !soc.decodesHostPorts else {
      return unsafe fail(
        IHB_ERROR_UNSUPPORTED, "the BMC chooses the ports of its host on ",
        soc.chip.name.characters, ", by its registers")
    }
    guard dataPort != statusPort else {
      return fail(
        IHB_ERROR_OUT_OF_RANGE, "data and status are both at port ", UInt64(dataPort),
        ": give two different ones")
    }
    guard soc.map(responder, data: dataPort, status: statusPort) else {
      return fail(
        IHB_ERROR_TAKEN, "the channel has a host by messages, or another one has port ",
        UInt64(dataPort), " or the status port")
    }
    soc.follow()
    return IHB_OK
  }
}

@c @implementation
public func ihb_port_read(
  _ soc: OpaquePointer?, _ port: UInt16, _ value: UnsafeMutablePointer<UInt8>?
) -> ihb_error {
  guard let value = unsafe value else { return failNull("value") }
  return unsafe with(soc) { soc in
    let byte = soc.portRead(port)
    unsafe value.pointee = byte
    if soc.isWatched { soc.report(IHB_EVENT_PORT_READ, at: UInt64(port), width: 1, UInt64(byte)) }
    soc.follow()
    return IHB_OK
  }
}

@c @implementation
public func ihb_port_write(_ soc: OpaquePointer?, _ port: UInt16, _ value: UInt8) -> ihb_error {
  unsafe with(soc) { soc in
    if soc.isWatched { soc.report(IHB_EVENT_PORT_WRITE, at: UInt64(port), width: 1, UInt64(value)) }
    soc.portWrite(value, to: port)
    soc.follow()
    return IHB_OK
  }
}

@c @implementation
public func ihb_on_host_interrupt(
  _ soc: OpaquePointer?, _ function: ihb_host_interrupt_fn?, _ user: UnsafeMutableRawPointer?
) -> ihb_error {
  unsafe with(soc) { soc in
    unsafe soc.setHostInterruptHandler(function, user)
    return IHB_OK
  }
}
