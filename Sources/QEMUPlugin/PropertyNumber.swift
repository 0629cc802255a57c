import CQEMU

extension UnsignedInteger where Self: FixedWidthInteger {
  /// The value of a property: a decimal number, or a hexadecimal one after `0x`; `nil` for other
  /// text and for what does not fit.
  init?(property text: UnsafePointer<CChar>) {
    var end: UnsafeMutablePointer<CChar>?
    let value = unsafe qemu.g_ascii_strtoull(text, &end, 0)
    guard let end = unsafe end, unsafe end != text, unsafe end.pointee == 0 else { return nil }
    self.init(exactly: value)
  }
}

extension Device {
  /// What a property says that is called `odr-delay`, in nanoseconds; 0 where it is not given.
  final func outputDelay(_ property: Int) throws(RealizationError) -> UInt64 {
    guard let text = unsafe self[property] else { return 0 }
    guard let microseconds = unsafe UInt64(property: text), microseconds <= 1_000_000 else {
      throw unsafe RealizationError(
        "odr-delay '", .string(text), "' is no time: give 0 to 1000000 microseconds")
    }
    return microseconds * 1000
  }
}
