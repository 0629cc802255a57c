// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The functions have the names that the header gives them.

import BMCPeripherals
import CIPMIHostBridge

// What a function returns where it does not do what it was asked for, with the thread's message.

/// `error`, and `message`.
func fail(_ error: ihb_error, _ message: StaticString) -> ihb_error {
  unsafe ihb_internal_fail(error, message.characters, "", "")
}

/// `error`, and a message around a C string.
func fail(
  _ error: ihb_error, _ before: StaticString, _ text: UnsafePointer<CChar>, _ after: StaticString
) -> ihb_error {
  unsafe ihb_internal_fail(error, before.characters, text, after.characters)
}

/// `error`, and a message around a number.
func fail(
  _ error: ihb_error, _ before: StaticString, _ number: UInt64, _ after: StaticString
) -> ihb_error {
  unsafe ihb_internal_fail_number(error, before.characters, number, after.characters)
}

/// A pointer that must be there is NULL.
func failNull(_ name: StaticString) -> ihb_error {
  unsafe ihb_internal_fail(IHB_ERROR_NULL, name.characters, " is NULL", "")
}

extension StaticString {
  /// The text as a C string.
  var characters: UnsafePointer<CChar> {
    unsafe UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
  }
}

@c @implementation
public func ihb_strerror(_ error: ihb_error) -> UnsafePointer<CChar>? {
  let text: StaticString =
    switch error {
    case IHB_OK: "no error"
    case IHB_ERROR_NULL: "a pointer is NULL"
    case IHB_ERROR_UNKNOWN_SOC: "unknown system on chip"
    case IHB_ERROR_BAD_TREE: "not a flattened device tree"
    case IHB_ERROR_NO_RESPONDER: "the chip has no such responder"
    case IHB_ERROR_TAKEN: "the channel or port is taken"
    case IHB_ERROR_NO_HOST: "the channel has no such host"
    case IHB_ERROR_OUT_OF_RANGE: "a number is out of range"
    case IHB_ERROR_UNSUPPORTED: "not supported"
    case IHB_ERROR_TOO_SMALL: "the buffer is too small"
    case IHB_ERROR_BAD_STATE: "not a state of such a chip"
    case IHB_ERROR_FULL: "no room for this now"
    case IHB_ERROR_SYSTEM: "the operating system refuses"
    default: "unknown error"
    }
  return unsafe text.characters
}

@c @implementation
public func ihb_abi_version() -> UInt32 { UInt32(IHB_ABI_MAJOR) << 16 | UInt32(IHB_ABI_MINOR) }

// MARK: - Handles

/// Calls `body` with the object that a handle is.
///
/// The reference count is atomic, and to move it up and down costs more than an access.
@inline(__always)
func with<Result>(_ handle: OpaquePointer, _ body: (SoC) -> Result) -> Result {
  unsafe Unmanaged<SoC>.fromOpaque(UnsafeRawPointer(handle))._withUnsafeGuaranteedRef {
    let result = body($0)
    // What they get may have them call again.
    if $0.isWatched { $0.traces.flush() }
    return result
  }
}

/// Calls `body` with the object that a handle is, or says that it is NULL.
@inline(__always)
func with(_ handle: OpaquePointer?, _ body: (SoC) -> ihb_error) -> ihb_error {
  guard let handle = unsafe handle else { return failNull("soc") }
  return unsafe with(handle, body)
}

/// Calls `body` with the object and the responder, where the chip has it.
func with(
  _ handle: OpaquePointer?, _ number: ihb_responder, _ body: (SoC, Responder) -> ihb_error
) -> ihb_error {
  unsafe with(handle) { soc in
    for responder in soc.chip.responders where responder.channel == Int(number.rawValue) {
      return body(soc, responder)
    }
    return unsafe fail(
      IHB_ERROR_NO_RESPONDER, "no such responder on ", soc.chip.name.characters,
      ": see the responders of ihb_describe")
  }
}
