import BMCPeripherals
import CQEMU
import IPMIHostBridge

/// One `-device ipmi-host-extern`: a host that answers at the other end of a chardev, tied to an
/// interface of the BMC. The host's `ipmi-bmc-extern` speaks the VM wire protocol there.
@safe final class HostExtern: Device {
  static let type = DeviceType(
    name: "ipmi-host-extern", description: "IPMI host, reached through a chardev",
    properties: [
      ("chardev", "id of the chardev that leads to the host's ipmi-bmc-extern"),
      ("responder", "interface of the BMC that answers the host: kcs1 to kcs4, or ibt"),
      ("power-gpio", "pin by which the BMC presses the host's power button (active low)"),
      ("reset-gpio", "pin by which the BMC resets the host (active low)"),
      ("nmi-gpio", "pin by which the BMC sends the host an NMI (active low)"),
      ("pgood-gpio", "pin that tells the BMC that the host is there (active high)"),
      ("pltrst-gpio", "pin that tells the BMC that the host is in reset (active low)"),
      ("odr-delay", "microseconds for which the host leaves a full ODR unread, of KCS"),
      ("trace", "file to trace messages and registers to: .vcd, .pcapng or .jsonl"),
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
    let powerButton = try pin(2, of: soc)
    let reset = try pin(3, of: soc)
    let nmi = try pin(4, of: soc)
    let powerGood = try pin(5, of: soc, isActiveLow: false)
    let platformReset = try pin(6, of: soc)
    let outputDelay = try outputDelay(of: responder)
    let trace = try unsafe self[8].map { path throws(RealizationError) in
      try unsafe DeviceTrace(path, responder)
    }
    let connection = try unsafe hostInterface.connect(responder, to: self[0], trace)
    hostInterface.delayOutput(of: responder, by: outputDelay)
    var outputs: [(line: HostControlLines.Output, pin: GPIOPin)] = []
    if let powerButton { outputs.append((.powerButton, powerButton)) }
    if let reset { outputs.append((.reset, reset)) }
    if let nmi { outputs.append((.nmi, nmi)) }
    guard !outputs.isEmpty || powerGood != nil || platformReset != nil else { return }
    hostInterface.add(
      HostControlPins(
        outputs: outputs, powerGood: powerGood, platformReset: platformReset, to: connection,
        of: hostInterface))
  }

  override func change(_ property: Int) throws(RealizationError) {
    guard property == Self.outputDelayProperty else { return try super.change(property) }
    let soc = try SoC.ofMachine()
    let responder = try responder(of: soc)
    try HostInterface.ofMachine(soc).delayOutput(of: responder, by: outputDelay(of: responder))
  }

  /// The pin that a property names; `nil` where the user has named none.
  private func pin(
    _ property: Int, of soc: SoC, isActiveLow: Bool = true
  ) throws(RealizationError) -> GPIOPin? {
    guard let text = unsafe self[property] else { return nil }
    return try unsafe GPIOPin(
      text, of: Self.type.properties[property].name, on: soc, isActiveLow: isActiveLow)
  }

  private static let outputDelayProperty = 7

  /// What `odr-delay=` says, in nanoseconds.
  private func outputDelay(of responder: Responder) throws(RealizationError) -> UInt64 {
    let delay = try outputDelay(Self.outputDelayProperty)
    guard unsafe responder != .ibt || self[Self.outputDelayProperty] == nil else {
      throw RealizationError("odr-delay is of KCS, and responder ibt has no ODR")
    }
    return delay
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
