import CQEMU
import RegisterLink
import RegisterLinkFile

extension MappedLink {
  /// Joins the link that the property `link` of a device names.
  init(property path: UnsafePointer<CChar>?, side: Side) throws(RealizationError) {
    guard let path = unsafe path else {
      throw RealizationError("link is missing: give the path of the file that both sides share")
    }
    var problem: UnsafePointer<CChar>?
    let joined = unsafe MappedLink(path: path, side: side) { unsafe problem = $0 }
    guard let joined else {
      throw unsafe RealizationError("link '", .string(path), "': ", .string(problem!))
    }
    joined.surviveTruncation()
    self = joined
  }

  /// Has QEMU's main loop call `handler` with `opaque` while the doorbell rings.
  func whenRung(
    _ opaque: UnsafeMutableRawPointer,
    _ handler: @convention(c) (UnsafeMutableRawPointer?) -> Void
  ) {
    unsafe qemu.qemu_set_fd_handler(doorbell, handler, nil, opaque)
  }
}

/// One `-device ipmi-host-link`: all of the BMC's channels on a link, at whose other end a host's
/// emulator has `lpc-kcs`, `lpc-bt` and `lpc-post-codes`.
@safe final class HostLink: Device {
  static let type = DeviceType(
    name: "ipmi-host-link", description: "IPMI host, register by register",
    properties: [
      ("link", "file that both sides share; made where it does not exist")
    ],
    device: HostLink.self)

  override func realize() throws(RealizationError) {
    let soc = try SoC.ofMachine()
    try unsafe HostInterface.join(self[0], soc)
  }
}
