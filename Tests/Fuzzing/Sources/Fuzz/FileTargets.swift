import ControllerContent
import DeviceTree
import IPMI
import ManagementController
import Tracing

/// QEMU's `sdrfile` and `frudatafile`, or a description: refused with a reason, or content that is
/// the same when it is written and read again, and that a controller answers with.
func fuzzQEMUFiles(_ input: inout Input) {
  let bytes = Array(input.all.dropFirst(2))
  var content = ControllerContent()
  do throws(ContentError) {
    switch input.number(below: 3) {
    case 0:
      try content.read(sdrFile: bytes, named: "sdr")
      require(content.sdrFile.count == bytes.count, "records of another length")
    case 1: try content.read(fruFile: bytes, named: "fru", areaSize: 8 << input.number(below: 11))
    default:
      guard let text = String(validating: bytes, as: UTF8.self) else { return }
      content = try ControllerContent(yaml: text, file: "yaml")
    }
    try content.check(named: "content")
  } catch {
    require(!error.description.isEmpty, "refused without a reason")
    return
  }
  let (sdr, fru) = (content.sdrFile, content.fruFile)
  guard let again = try? ControllerContent(yaml: content.yaml, file: "again") else {
    fatalError("what was written cannot be read")
  }
  require(again.sdrFile == sdr, "records are not what they were")
  require(again.fruFile == fru, "inventories are not what they were")
  if var controller = try? content.makeController() { walk(&controller) }
}

/// Any bytes as a pcapng file: an error that names a byte of it, or records; and what was read is
/// the same when it is written and read again.
func fuzzCaptures(_ input: inout Input) {
  var reader = PcapngReader()
  var events: [TraceEvent] = []
  // Whoever goes on after an error gets to the end.
  while true {
    let offset = reader.offset
    do throws(PcapngError) {
      guard let record = try reader.next(in: input.all.span) else { break }
      if case .event(let event) = record { events.append(event) }
    } catch {
      require(error.offset <= input.all.count, "an error behind the end")
      if reader.offset == offset { break }
    }
  }
  for channel in 0..<reader.interfaceCount {
    require(reader.name(of: channel).upperBound <= input.all.count, "a name behind the end")
  }
  events = events.filter { $0.channel < TraceChannel.limit }
  guard !events.isEmpty else { return }
  var writer = PcapngWriter()
  var file: [UInt8] = []
  let channels = [TraceChannel](
    repeating: TraceChannel([0x63], .messages), count: TraceChannel.limit)
  writer.begin(TraceHeader(), channels: channels.span) { file += $0.bytes }
  for (index, event) in events.enumerated() {
    var event = event
    event.time = UInt64(index)
    writer.write(event) { file += $0.bytes }
  }
  var again = PcapngReader()
  var found: [TraceEvent.Occurrence] = []
  while let record = try? again.next(in: file.span) {
    if case .event(let event) = record { found.append(event.occurrence) }
  }
  require(found == events.map(\.occurrence), "not what was written")
}

/// Any bytes as a flattened device tree: refused with a reason, or nodes in order and what they
/// declare.
func fuzzDeviceTree(_ input: inout Input) {
  do throws(DeviceTreeError) {
    let tree = try DeviceTree(input.all)
    for (index, node) in tree.nodes.enumerated() {
      require(node.parent ?? -1 < index, "a node before its parent")
      _ = tree.registers(of: index)
      _ = tree.interrupts(of: index).map(\.description)
    }
    for peripheral in tree.hostPeripherals {
      require(peripheral.path.hasPrefix("/"), "a path from nowhere")
    }
  } catch {
    require(!error.description.isEmpty, "refused without a reason")
  }
}

extension Span<UInt8> {
  fileprivate var bytes: [UInt8] { indices.map { self[$0] } }
}
