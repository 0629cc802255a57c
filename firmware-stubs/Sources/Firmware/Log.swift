import IPMI
import ManagementController

/// What the firmware writes to the console.
extension Board {
  /// The first lines: what this is, and what Get Device ID will answer, such as
  /// `firmware 0.01, manufacturer 0, product 1872`.
  func logStart(_ identity: DeviceIdentity) {
    console.write("ipmi-host-bridge firmware for ")
    console.writeLine(name)
    console.write("firmware ")
    console.write(decimal: UInt32(identity.firmwareMajor))
    console.write(".")
    console.write(identity.firmwareMinor)
    console.write(", manufacturer ")
    console.write(decimal: identity.manufacturer)
    console.write(", product ")
    console.write(decimal: UInt32(identity.product))
    console.writeLine()
  }

  /// A line such as `KCS1 ready, interrupt 9`.
  func logStart(_ port: some HostPort, wasOpen: Bool) {
    console.write(port.name)
    if wasOpen { console.write(" was in a transfer,") }
    console.write(" ready, interrupt ")
    console.write(decimal: port.line.number)
    console.writeLine()
  }

  /// A line such as `KCS1 06 01 Get Device ID -> 00`.
  func log(_ request: Message, _ response: Message, from port: some HostPort) {
    console.write(port.name)
    console.write(" ")
    console.write(request.netFn.rawValue)
    console.write(" ")
    console.write(request.command.code)
    if let name = request.command.name {
      console.write(" ")
      console.write(name)
    }
    console.write(" -> ")
    console.write((response.completionCode ?? .unspecified).rawValue)
    console.writeLine()
  }

  /// A line such as `POST code 55`.
  func log(postCode code: UInt8) {
    console.write("POST code ")
    console.write(code)
    console.writeLine()
  }

  /// The line `host power on` or `host power off`.
  func log(powerIsOn: Bool) {
    console.writeLine(powerIsOn ? "host power on" : "host power off")
  }

  /// A line such as `action: power down`.
  func log(_ action: BoardAction) {
    console.write("action: ")
    console.writeLine(action.name)
  }
}
