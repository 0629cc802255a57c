import ControllerContent
import IPMI
import ManagementController

private let savedBytes = StateData(saving: controllerTemplate).bytes

/// A saved state of which bytes were changed: refused, or a controller that answers.
///
/// The input is a list of places and values, for a state is longer than what a fuzzer finds its way
/// through.
func fuzzSavedState(_ input: inout Input) {
  var bytes = savedBytes
  let edits = input.number(below: 64)
  for _ in 0..<edits {
    let offset = Int(input.byte()) << 8 | Int(input.byte())
    bytes[offset % bytes.count] = input.byte()
  }
  if input.bool() { bytes.removeLast(min(Int(input.byte()), bytes.count)) }
  var controller = controllerTemplate
  guard StateData.restore(&controller, from: bytes, now: 1_000) else {
    require(
      StateData(saving: controller).bytes == savedBytes, "a refused state left something behind")
    return
  }
  var again = controller
  let saved = StateData(saving: controller, now: 1_000).bytes
  require(StateData.restore(&again, from: saved, now: 1_000), "what was restored is refused")
  walk(&controller)
  while !input.isAtEnd {
    let netFn: UInt8 = [0x28, 0x18, 0x10, 0x00][Int(input.byte() & 3)]
    var request = Message([netFn, input.byte()] as FixedBytes<300>)!
    request.append(contentsOf: input.block(atMost: 32).span)
    ask(&controller, request, now: 2_000)
  }
}

/// Every record and inventory, along the links.
func walk(_ controller: inout ManagementController) {
  for (command, reservation) in [(UInt8(0x23), true), (0x43, true)] {
    var id: UInt16 = 0
    for _ in 0..<70_000 {
      var request = Message([0x28, command] as FixedBytes<300>)!
      if reservation { request.append(littleEndian: UInt16(0)) }
      request.append(littleEndian: id)
      request.append(0)
      request.append(0xFF)
      let response = controller.respond(to: request, now: 1_000)
      guard response.completionCode == .success, let low = response.data(0),
        let high = response.data(1)
      else { break }
      let next = UInt16(high) << 8 | UInt16(low)
      guard next != 0xFFFF else { break }
      require(next != id, "a record that follows itself")
      id = next
    }
  }
  var inventory = Message([0x28, 0x11] as FixedBytes<300>)!
  inventory.append(contentsOf: [0, 0, 0, 32] as FixedBytes<4>)
  ask(&controller, inventory, now: 1_000)
}
