import Foundation

/// Where the two emulators meet.
enum WireAddress {
  case unix(path: String)
  case tcp(port: UInt16)

  /// The options of QEMU's socket chardev.
  var chardevOptions: String {
    switch self {
    case .unix(let path): "path=\(escapedForQEMU(path))"
    case .tcp(let port): "host=localhost,port=\(port)"
    }
  }
}

/// A value as one of QEMU's options takes it: a comma is written twice.
func escapedForQEMU(_ value: String) -> String {
  value.replacingOccurrences(of: ",", with: ",,")
}
