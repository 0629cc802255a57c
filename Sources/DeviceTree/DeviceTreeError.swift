/// Why a file is no device tree that can be read.
public enum DeviceTreeError: Error, Equatable, CustomStringConvertible {
  /// Fewer bytes than a header has, or than the header says there are.
  case truncated
  /// It does not begin with D00DFEEDh.
  case notADeviceTree
  /// Over 16 MiB, a hundred times what a board's has.
  case tooLarge
  /// What libfdt says of the rest, `fdt_strerror(3)`.
  case malformed(String)
  /// A node more than 64 deep, which Linux does not read either, or named in over 255 bytes.
  case unreasonable
  /// An overlay: it describes changes, and has no addresses of its own.
  case overlay

  public var description: String {
    switch self {
    case .truncated: "the device tree is cut off"
    case .notADeviceTree: "this is not a device tree: it does not begin with D00DFEEDh"
    case .tooLarge: "the device tree is larger than 16 MiB"
    case .malformed(let reason): "the device tree is broken: libfdt says \(reason)"
    case .unreasonable: "the device tree has a node too deep, or with too long a name"
    case .overlay:
      "this is an overlay: apply it to a board's device tree first, with fdtoverlay"
    }
  }
}
