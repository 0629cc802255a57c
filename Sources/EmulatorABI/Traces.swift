// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The functions have the names that the header gives them.

import BMCPeripherals
import CIPMIHostBridge
import Tracing

// What happens, for whoever wants to see it.

@c @implementation
public func ihb_on_event(
  _ soc: OpaquePointer?, _ function: ihb_event_fn?, _ user: UnsafeMutableRawPointer?
) -> ihb_error {
  unsafe with(soc) { soc in
    unsafe soc.setEventHandler(function, user)
    return IHB_OK
  }
}

@c @implementation
public func ihb_trace(
  _ soc: OpaquePointer?, _ responder: ihb_responder, _ format: ihb_trace_format,
  _ function: ihb_trace_fn?, _ user: UnsafeMutableRawPointer?
) -> ihb_error {
  unsafe with(soc, responder) { soc, responder in
    guard let function = unsafe function else {
      soc.trace(responder, nil)
      return IHB_OK
    }
    guard let format = TraceFormat(format) else {
      return fail(
        IHB_ERROR_OUT_OF_RANGE, "there is no trace format ", UInt64(format.rawValue),
        ": the last one is IHB_TRACE_WAVEFORM")
    }
    unsafe soc.trace(responder, ChannelTrace(responder, of: soc.chip, format, function, user))
    return IHB_OK
  }
}

extension TraceFormat {
  fileprivate init?(_ format: ihb_trace_format) {
    switch format {
    case IHB_TRACE_PCAPNG: self = .pcapng
    case IHB_TRACE_JSON_LINES: self = .jsonl
    case IHB_TRACE_WAVEFORM: self = .vcd
    default: return nil
    }
  }
}
