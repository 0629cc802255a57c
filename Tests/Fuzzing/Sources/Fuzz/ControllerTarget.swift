import ControllerContent
import IPMI
import ManagementController

/// A controller with a sensor of each kind, an FRU inventory and the usual records.
let controllerTemplate: ManagementController = {
  var sensors = SensorTable()
  let voltage = ThresholdCharacteristics(
    unit: 0x04, conversion: LinearConversion(multiplier: 63, resultExponent: -3), nominal: 190,
    normal: 181...200,
    thresholds: Thresholds(
      lowerNonCritical: 180, lowerCritical: 170, lowerNonRecoverable: 160, upperNonCritical: 200,
      upperCritical: 210, upperNonRecoverable: 220), hysteresis: 2)
  sensors.append(
    SensorDescription(number: 0x10, name: "P12V", type: .voltage, kind: .threshold(voltage)))
  sensors.append(.watchdog(number: 0x20))
  sensors.append(.eventLog(number: 0x21))
  sensors.append(.hostPower(number: 0x22))
  var identity = DeviceIdentity(
    firmwareMajor: 1, firmwareMinor: 0x23, manufacturer: 0xABCDE, product: 0x1234, guid: [])
  identity.providesDeviceSDRs = true
  return ManagementController(
    identity: identity, sensors: sensors,
    fru: FRUDescription(
      chassis: ["CH-1", "CHS0001"], board: ["Example", "Test Board", "BRD0001", "B", ""],
      product: ["Example", "Test Server", "TS-1", "1.0", "SRV0001", "asset", ""]))
}()

/// Any requests, power, resets and time.
///
/// Every request has one response: to its command, on its LUN, with a completion code, and nothing
/// behind one that says why not, short of whose command it is. Time that was waited for is not
/// waited for again, and a saved state is the state.
func fuzzController(_ input: inout Input) {
  var controller = controllerTemplate
  var now: UInt64 = 0
  while !input.isAtEnd {
    switch input.number(below: 12) {
    case 0...6: ask(&controller, request(&input), now: now)
    case 7:
      now += input.duration()
      controller.advance(to: now)
    case 8:
      guard let deadline = controller.deadline, deadline < now + 1 << 50 else { break }
      now = max(now, deadline)
      controller.advance(to: now)
      require(controller.deadline.map { $0 > now } ?? true, "a deadline that is over")
    case 9: controller.powerIsOn = input.bool()
    case 10: if input.bool() { controller.hostWasReset() } else { controller.losePowerQuietly() }
    default: content(&controller, &input)
    }
    var actions = 0
    while controller.takeAction() != nil { actions += 1 }
    require(actions < 100, "actions without an end")
  }
  let bytes = StateData(saving: controller, now: now).bytes
  var copy = controller
  require(StateData.restore(&copy, from: bytes, now: now), "a saved state is refused")
  require(StateData(saving: copy, now: now).bytes == bytes, "a restored state is another one")
}

/// A request of a command that is likely to be there, or of any.
private func request(_ input: inout Input) -> Message {
  let selector = input.byte()
  let netFn: [UInt8] = [0x00, 0x04, 0x06, 0x0A]
  let first = selector & 0x80 == 0 ? netFn[Int(selector & 3)] << 2 : input.byte()
  var message = Message([first, input.byte()] as FixedBytes<300>)!
  message.append(contentsOf: input.block().span)
  return message
}

/// Asks, and looks at what every response has.
func ask(_ controller: inout ManagementController, _ request: Message, now: UInt64) {
  let response = controller.respond(to: request, now: now)
  require(response.bytes[0] == request.bytes[0] | 4, "not the NetFn and LUN of a response")
  require(response.bytes[1] == request.bytes[1], "a response to another command")
  guard response.count >= 3 else { fatalError("no completion code") }
  if response.bytes[2] != 0 {
    require(response.count <= 3 + request.netFn.ownerLength, "data behind an error")
  }
  let status = controller.status()
  require(status.attention == controller.attention, "attention is not attention")
}

private func content(_ controller: inout ManagementController, _ input: inout Input) {
  switch input.number(below: 4) {
  case 0: _ = controller.add(FixedBytes<255>(input.block().span)!)
  case 1:
    let size = Int(input.byte()) << 4
    _ = controller.addFRU(FixedBytes<255>(input.block().span)!, size: size)
  case 2: controller.show(sensor: input.byte(), reading: input.byte())
  default: controller.show(sensor: input.byte(), states: UInt16(input.byte()) << 7)
  }
}
