import IPMI
import VMProtocol

/// Any bytes, in any pieces: what is decoded does not depend on the pieces, nothing is made of
/// nothing, and what was decoded survives encoding.
func fuzzVMDecoder(_ input: inout Input) {
  let role: VMRole = input.bool() ? .bmc : .vm
  let bytes = Array(input.all.dropFirst())
  var decoder = VMDecoder(role: role)
  let events = bytes.compactMap { decoder.feed($0) }
  let terminators = bytes.count { $0 == 0xA0 || $0 == 0xA1 }
  require(events.count <= terminators, "more events than terminators")

  var pieces = VMDecoder(role: role)
  var found: [VMEvent] = []
  var rest = bytes[...]
  while !rest.isEmpty {
    let piece = Array(rest.prefix(1 + Int(rest.first! & 0x3F)))
    rest = rest.dropFirst(piece.count)
    var offset = 0
    while let event = pieces.feed(piece.span, from: &offset) { found.append(event) }
    require(offset == piece.count, "bytes were left")
  }
  require(found == events, "the pieces matter")

  for event in events {
    var output = VMOutput<605>()
    switch event {
    case .message(let id, let message):
      require(message.count >= Message.minimumLength, "a message that is none")
      require(output.append(id: id, message: message), "a message does not fit its capacity")
    case .control(let control, let argument):
      require(output.append(control: control, argument: argument), "a command does not fit")
    case .rejected(.tooLong(_, let response)):
      require(response.completionCode == .requestTruncated, "not C6h for a long message")
      continue
    case .rejected:
      continue
    }
    require(decode(&output, as: .bmc) == [event], "not what was encoded")
  }
  // Whatever came, the next good frame is understood.
  _ = decoder.feed(0xA1)
  var output = VMOutput<605>()
  _ = output.append(id: 0xA1, message: probe(0xAA))
  let last = encoded(&output).compactMap { decoder.feed($0) }
  require(
    role == .vm ? last.count == 1 : last == [.message(id: 0xA1, probe(0xAA))],
    "the frame behind a terminator was lost")
}

/// The bytes that a queue holds; it is empty afterwards.
func encoded<let size: Int>(_ output: inout VMOutput<size>) -> [UInt8] {
  var bytes: [UInt8] = []
  var chunk = FixedBytes<100>()
  while !output.isEmpty {
    output.copy(into: &chunk)
    bytes += chunk.bytes
    output.removeFirst(chunk.count)
  }
  return bytes
}

private func decode(_ output: inout VMOutput<605>, as role: VMRole) -> [VMEvent] {
  var decoder = VMDecoder(role: role)
  return encoded(&output).compactMap { decoder.feed($0) }
}
