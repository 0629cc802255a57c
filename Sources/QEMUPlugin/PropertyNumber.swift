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
