/// `value` as data sheets write it, such as `F0001000h`.
func hexadecimal(_ value: UInt64, digits: Int = 8) -> String {
  let text = String(value, radix: 16, uppercase: true)
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}
