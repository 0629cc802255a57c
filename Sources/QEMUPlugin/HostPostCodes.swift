import CQEMU

/// One `-device ipmi-host-post-codes`: the bytes that a host writes to an I/O port while it starts,
/// for the BMC to see. QEMU's `isa-debugcon` sends them from the host's side.
@safe final class HostPostCodes: Device {
  static let type = DeviceType(
    name: "ipmi-host-post-codes", description: "POST codes of the host, taken from a chardev",
    properties: [
      ("chardev", "id of the chardev from which the codes come, a byte each"),
      ("port", "I/O port that the host wrote them to (default 0x80)"),
    ],
    device: HostPostCodes.self)

  override func realize() throws(RealizationError) {
    let hostInterface = try HostInterface.ofMachine(SoC.ofMachine())
    try unsafe hostInterface.addPostCodes(from: self[0], port: port)
  }

  /// What `port=` says.
  private var port: UInt16 {
    get throws(RealizationError) {
      guard let text = unsafe self[1] else { return 0x80 }
      guard let port = unsafe UInt16(property: text) else {
        throw unsafe RealizationError(
          "port '", .string(text), "' is no I/O port: give a number from 0 to 0xffff")
      }
      return port
    }
  }
}
