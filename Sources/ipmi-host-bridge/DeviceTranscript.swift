import CharacterDevice
import Foundation
import IPMI

/// What a program does with its devices, a line for each.
enum DeviceTranscript {
  static func note(_ device: EmulatedDevice, _ event: DeviceEvent) {
    let text =
      switch event {
      case .opened(nil): "open"
      case .opened(let error?): "open: \(error.symbol)"
      case .released: "close"
      case .read(let bytes): "read  " + describe(bytes, of: device.kind)
      case .readFailed(let error): "read: \(error.symbol)"
      case .wrote(let bytes): "write " + describe(bytes, of: device.kind)
      case .writeFailed(let bytes, let error):
        "write " + describe(bytes, of: device.kind) + ": \(error.symbol)"
      case .control(let request, let error):
        "ioctl \(String(request, radix: 16))h" + (error.map { ": \($0.symbol)" } ?? "")
      }
    write("\(device.name) \(text)")
  }

  static func write(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }

  private static func describe(_ bytes: [UInt8], of kind: DeviceKind) -> String {
    let text = bytes.map(hex).joined(separator: " ")
    guard let message = kind.message(in: bytes).flatMap({ Message($0.span) }),
      let name = message.command.name
    else { return text }
    return "\(text)  \(name)"
  }
}

/// Two digits.
func hex(_ byte: UInt8) -> String {
  (byte < 0x10 ? "0" : "") + String(byte, radix: 16)
}
