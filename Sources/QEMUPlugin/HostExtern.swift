import CQEMU

/// One `-device ipmi-host-extern`: a host that answers at the other end of a chardev, tied to an
/// interface of the BMC. The host's `ipmi-bmc-extern` speaks the VM wire protocol there.
@safe final class HostExtern: Device {
  static let type = DeviceType(
    name: "ipmi-host-extern", description: "IPMI host, reached through a chardev",
    properties: [
      ("chardev", "id of the chardev that leads to the host's ipmi-bmc-extern"),
      ("responder", "interface of the BMC that answers the host: kcs1 to kcs4, or ibt"),
    ],
    device: HostExtern.self)

  override func realize() throws(RealizationError) {
    let soc = try SoC.ofMachine()
    let responder = try responder(of: soc)
    let hostInterface = try HostInterface.ofMachine(soc)
    guard !hostInterface.isTaken(responder) else {
      throw RealizationError(
        "responder '", .literal(responder.name), "' already has an ipmi-host-extern")
    }
    try unsafe hostInterface.connect(responder, to: self[0])
  }

  /// What `responder=` names.
  private func responder(of soc: SoC) throws(RealizationError) -> Responder {
    guard let name = unsafe self[1] else {
      throw RealizationError("responder is missing: choose one of ", .responders(soc.responders))
    }
    guard let responder = unsafe Responder(name) else {
      throw unsafe RealizationError(
        "responder '", .string(name), "' is unknown: choose one of ", .responders(soc.responders))
    }
    guard soc.responders.contains(responder) else {
      throw unsafe RealizationError(
        "responder '", .string(name), "' is not on ", .literal(soc.type), ", which has ",
        .responders(soc.responders))
    }
    return responder
  }
}
