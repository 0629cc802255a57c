import CIPMIHostBridge
import EmulatorABI
import TestSupport
import Testing

/// Every way in which a function refuses.
@safe @Suite struct ErrorTests {
  private let chip: Chip
  private let soc: OpaquePointer

  init() throws {
    chip = try Chip("npcm750")
    unsafe soc = chip.soc
  }

  /// The error, and what is said of it, which is one line.
  private func expect(
    _ result: ihb_error, _ error: ihb_error, _ message: String,
    at location: SourceLocation = #_sourceLocation
  ) {
    #expect(result == error, sourceLocation: location)
    #expect(
      unsafe String(cString: ihb_last_error_message()) == message, sourceLocation: location)
  }

  @Test func anErrorHasAText() {
    var texts: Set<String> = []
    for number in 0...12 as ClosedRange<UInt32> {
      texts.insert(unsafe String(cString: ihb_strerror(ihb_error(number))))
    }
    #expect(texts.count == 13)
    #expect(unsafe String(cString: ihb_strerror(IHB_OK)) == "no error")
    #expect(unsafe String(cString: ihb_strerror(ihb_error(77))) == "unknown error")
    #expect(ihb_abi_version() == UInt32(IHB_ABI_MAJOR) << 16 | UInt32(IHB_ABI_MINOR))
  }

  @Test func noPointerMustBeThereIsACrash() {
    let noSoC = "soc is NULL"
    var size = 0
    var byte: UInt8 = 0
    var word: UInt64 = 0
    var flag = false
    var description = unsafe ihb_description()
    ihb_destroy(nil)
    expect(ihb_soc_name(0, nil), IHB_ERROR_NULL, "name is NULL")
    unsafe expect(ihb_create("npcm750", nil), IHB_ERROR_NULL, noSoC)
    var new: OpaquePointer?
    unsafe expect(ihb_create(nil, &new), IHB_ERROR_NULL, "name is NULL")
    unsafe expect(ihb_create_from_dtb(nil, 4, &new), IHB_ERROR_NULL, "dtb is NULL")
    unsafe expect(ihb_create_from_dtb(&byte, 1, nil), IHB_ERROR_NULL, noSoC)
    unsafe expect(ihb_describe(nil, &description), IHB_ERROR_NULL, noSoC)
    unsafe expect(ihb_describe(soc, nil), IHB_ERROR_NULL, "description is NULL")
    unsafe expect(ihb_read(nil, 0, 1, &word), IHB_ERROR_NULL, noSoC)
    unsafe expect(ihb_read(soc, 0, 1, nil), IHB_ERROR_NULL, "value is NULL")
    expect(ihb_write(nil, 0, 1, 0), IHB_ERROR_NULL, noSoC)
    expect(ihb_on_interrupt(nil, nil, nil), IHB_ERROR_NULL, noSoC)
    unsafe expect(ihb_interrupt_level(nil, 9, &flag), IHB_ERROR_NULL, noSoC)
    unsafe expect(ihb_interrupt_level(soc, 9, nil), IHB_ERROR_NULL, "level is NULL")
    expect(ihb_advance(nil, 0), IHB_ERROR_NULL, noSoC)
    unsafe expect(ihb_deadline(nil, &word), IHB_ERROR_NULL, noSoC)
    unsafe expect(ihb_deadline(soc, nil), IHB_ERROR_NULL, "deadline is NULL")
    expect(ihb_map_ports(nil, IHB_KCS1, 1, 2), IHB_ERROR_NULL, noSoC)
    unsafe expect(ihb_port_read(nil, 1, &byte), IHB_ERROR_NULL, noSoC)
    unsafe expect(ihb_port_read(soc, 1, nil), IHB_ERROR_NULL, "value is NULL")
    expect(ihb_port_write(nil, 1, 0), IHB_ERROR_NULL, noSoC)
    expect(ihb_on_host_interrupt(nil, nil, nil), IHB_ERROR_NULL, noSoC)
    expect(ihb_attach_wire(nil, IHB_KCS1), IHB_ERROR_NULL, noSoC)
    expect(ihb_attach_fd(nil, IHB_KCS1, 0), IHB_ERROR_NULL, noSoC)
    expect(ihb_attach_messages(nil, IHB_KCS1, nil, nil, nil), IHB_ERROR_NULL, noSoC)
    expect(ihb_detach(nil, IHB_KCS1), IHB_ERROR_NULL, noSoC)
    unsafe expect(ihb_is_connected(nil, IHB_KCS1, &flag), IHB_ERROR_NULL, noSoC)
    unsafe expect(ihb_is_connected(soc, IHB_KCS1, nil), IHB_ERROR_NULL, "is_connected is NULL")
    unsafe expect(ihb_wire_send(nil, IHB_KCS1, &byte, 1, &size), IHB_ERROR_NULL, noSoC)
    unsafe expect(ihb_wire_send(soc, IHB_KCS1, nil, 1, &size), IHB_ERROR_NULL, "bytes is NULL")
    unsafe expect(ihb_wire_send(soc, IHB_KCS1, &byte, 1, nil), IHB_ERROR_NULL, "taken is NULL")
    unsafe expect(ihb_wire_receive(nil, IHB_KCS1, &byte, 1, &size), IHB_ERROR_NULL, noSoC)
    unsafe expect(ihb_wire_receive(soc, IHB_KCS1, nil, 1, &size), IHB_ERROR_NULL, "bytes is NULL")
    unsafe expect(ihb_wire_receive(soc, IHB_KCS1, &byte, 1, nil), IHB_ERROR_NULL, "length is NULL")
    expect(ihb_request(nil, IHB_KCS1, 0x18, 1, nil, 0), IHB_ERROR_NULL, noSoC)
    unsafe expect(ihb_request(soc, IHB_KCS1, 0x18, 1, nil, 1), IHB_ERROR_NULL, "data is NULL")
    expect(ihb_ask(nil, IHB_KCS1, IHB_CONTROL_RESET), IHB_ERROR_NULL, noSoC)
    expect(ihb_attach_smbus(nil, IHB_KCS1, 16, nil, nil), IHB_ERROR_NULL, noSoC)
    unsafe expect(ihb_smbus_start(nil, IHB_KCS1, true, &flag), IHB_ERROR_NULL, noSoC)
    unsafe expect(
      ihb_smbus_start(soc, IHB_KCS1, true, nil), IHB_ERROR_NULL, "acknowledged is NULL")
    unsafe expect(ihb_smbus_write(nil, IHB_KCS1, 0, &flag), IHB_ERROR_NULL, noSoC)
    unsafe expect(ihb_smbus_write(soc, IHB_KCS1, 0, nil), IHB_ERROR_NULL, "acknowledged is NULL")
    unsafe expect(ihb_smbus_read(nil, IHB_KCS1, &byte), IHB_ERROR_NULL, noSoC)
    unsafe expect(ihb_smbus_read(soc, IHB_KCS1, nil), IHB_ERROR_NULL, "byte is NULL")
    expect(ihb_smbus_stop(nil, IHB_KCS1), IHB_ERROR_NULL, noSoC)
    unsafe expect(ihb_smbus_alert(nil, IHB_KCS1, &flag), IHB_ERROR_NULL, noSoC)
    unsafe expect(ihb_smbus_alert(soc, IHB_KCS1, nil), IHB_ERROR_NULL, "is_asserted is NULL")
    unsafe expect(
      ihb_smbus_alert_response(nil, IHB_KCS1, &byte, &flag), IHB_ERROR_NULL, noSoC)
    unsafe expect(
      ihb_smbus_alert_response(soc, IHB_KCS1, nil, &flag), IHB_ERROR_NULL, "byte is NULL")
    unsafe expect(
      ihb_smbus_alert_response(soc, IHB_KCS1, &byte, nil), IHB_ERROR_NULL, "acknowledged is NULL")
    unsafe expect(ihb_save(nil, nil, 0, &size), IHB_ERROR_NULL, noSoC)
    unsafe expect(ihb_save(soc, nil, 0, nil), IHB_ERROR_NULL, "length is NULL")
    unsafe expect(ihb_save(soc, nil, 1, &size), IHB_ERROR_NULL, "bytes is NULL")
    unsafe expect(ihb_restore(nil, &byte, 1), IHB_ERROR_NULL, noSoC)
    unsafe expect(ihb_restore(soc, nil, 1), IHB_ERROR_NULL, "bytes is NULL")
    expect(ihb_on_event(nil, nil, nil), IHB_ERROR_NULL, noSoC)
  }

  @Test func chips() {
    var name: UnsafePointer<CChar>?
    unsafe expect(
      ihb_soc_name(5, &name), IHB_ERROR_OUT_OF_RANGE,
      "there are 5 systems on chip, counted from 0")
    var new: OpaquePointer?
    for bad in ["", "npcm75", "npcm7500", "NPCM750", String(repeating: "x", count: 100)] {
      unsafe expect(
        ihb_create(bad, &new), IHB_ERROR_UNKNOWN_SOC,
        "unknown system on chip '\(bad)': ihb_soc_name lists them")
      #expect(unsafe new == nil)
    }
  }

  @Test func accesses() {
    var value: UInt64 = 0
    unsafe expect(
      ihb_read(soc, 0x1000, 1, &value), IHB_ERROR_OUT_OF_RANGE,
      "offset 4096 is not below the size that ihb_describe says")
    for size in [0, 9, .max] as [UInt32] {
      unsafe expect(
        ihb_write(soc, 0, size, 0), IHB_ERROR_OUT_OF_RANGE,
        "an access of \(size) bytes: 1 to 8 are one")
    }
    unsafe expect(
      ihb_read(soc, .max, 1, &value), IHB_ERROR_OUT_OF_RANGE,
      "offset 18446744073709551615 is not below the size that ihb_describe says")
    var level = false
    unsafe expect(
      ihb_interrupt_level(soc, 8, &level), IHB_ERROR_OUT_OF_RANGE,
      "the chip's host interface has no interrupt line 8: see ihb_describe")
  }

  @Test func hosts() throws {
    let none = "the channel has no host by messages of this kind: attach one first"
    let taken = "the channel has a host already: ihb_detach it first, unless it has ports"
    var byte: UInt8 = 0
    var size = 0
    for responder in [IHB_IBT, IHB_KCS4, ihb_responder(5), ihb_responder(.max)] {
      unsafe expect(
        ihb_attach_wire(soc, responder), IHB_ERROR_NO_RESPONDER,
        "no such responder on npcm750: see the responders of ihb_describe")
    }
    unsafe expect(ihb_detach(soc, IHB_KCS1), IHB_ERROR_NO_HOST, none)
    unsafe expect(ihb_wire_send(soc, IHB_KCS1, &byte, 1, &size), IHB_ERROR_NO_HOST, none)
    unsafe expect(ihb_request(soc, IHB_KCS1, 0x18, 1, nil, 0), IHB_ERROR_NO_HOST, none)
    unsafe expect(ihb_ask(soc, IHB_KCS1, IHB_CONTROL_RESET), IHB_ERROR_NO_HOST, none)
    unsafe expect(ihb_smbus_stop(soc, IHB_KCS1), IHB_ERROR_NO_HOST, none)
    for address in [0, 7, 0x0C, 0x78, 0xFF] as [UInt8] {
      unsafe expect(
        ihb_attach_smbus(soc, IHB_KCS1, address, nil, nil), IHB_ERROR_OUT_OF_RANGE,
        "SMBus address \(address) is none for a target: give 7 bits, 8 to 119, but 12")
    }
    unsafe expect(
      ihb_attach_fd(soc, IHB_KCS1, -1), IHB_ERROR_OUT_OF_RANGE,
      "a file descriptor is 0 or more, and this one is negative")
    unsafe try Chip.check(ihb_attach_wire(soc, IHB_KCS1))
    unsafe expect(ihb_attach_wire(soc, IHB_KCS1), IHB_ERROR_TAKEN, taken)
    unsafe expect(ihb_request(soc, IHB_KCS1, 0x18, 1, nil, 0), IHB_ERROR_NO_HOST, none)
    unsafe expect(
      ihb_map_ports(soc, IHB_KCS1, 0xCA2, 0xCA3), IHB_ERROR_TAKEN,
      "the channel has a host by messages, or another one has port 3234 or the status port")
    unsafe expect(
      ihb_ask(soc, IHB_KCS1, IHB_CONTROL_RESET), IHB_ERROR_UNSUPPORTED,
      "the host has not said that it can do this, or is not there")
    unsafe expect(
      ihb_ask(soc, IHB_KCS1, IHB_CONTROL_ATTENTION), IHB_ERROR_OUT_OF_RANGE,
      "control 1 is not power off, reset, NMI or graceful shutdown")
    unsafe expect(
      ihb_map_ports(soc, IHB_KCS2, 0xCA2, 0xCA2), IHB_ERROR_OUT_OF_RANGE,
      "data and status are both at port 3234: give two different ones")
    unsafe try Chip.check(ihb_map_ports(soc, IHB_KCS2, 0xCA2, 0xCA3))
    unsafe expect(ihb_attach_wire(soc, IHB_KCS2), IHB_ERROR_TAKEN, taken)
    unsafe expect(
      ihb_map_ports(soc, IHB_KCS3, 0xCA3, 0xCA4), IHB_ERROR_TAKEN,
      "the channel has a host by messages, or another one has port 3235 or the status port")
    let aspeed = try Chip("ast2500")
    unsafe expect(
      ihb_map_ports(aspeed.soc, IHB_KCS1, 0xCA2, 0xCA3), IHB_ERROR_UNSUPPORTED,
      "the BMC chooses the ports of its host on ast2500, by its registers")
  }

  @Test func requests() throws {
    unsafe try Chip.check(ihb_attach_messages(soc, IHB_KCS1, nil, nil, nil))
    let data = [UInt8](repeating: 0xA0, count: 299)
    unsafe expect(
      ihb_request(soc, IHB_KCS1, 0x18, 1, data, 299), IHB_ERROR_OUT_OF_RANGE,
      "a request has 298 bytes of data at most, and here are 299")
    // A BMC that does nothing takes any number: each gives the one before up.
    for _ in 0..<1_000 {
      unsafe try Chip.check(ihb_request(soc, IHB_KCS1, 0x18, 1, data, 298))
    }
  }

  @Test func aBufferThatIsTooSmallIsNotWritten() throws {
    var bytes = [UInt8](repeating: 0xEE, count: 10)
    var length = 0
    let result = unsafe ihb_save(soc, &bytes, bytes.count, &length)
    expect(
      result, IHB_ERROR_TOO_SMALL, "the state has \(length) bytes, the buffer has fewer")
    #expect(length > 10)
    #expect(bytes == [UInt8](repeating: 0xEE, count: 10))
  }

  // MARK: Device trees

  /// A device tree of one node with these strings as "compatible", as chapter 5 of the Devicetree
  /// Specification lays it out.
  private static func tree(_ compatible: [String]) -> [UInt8] {
    func cell(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * $0) & 0xFF) } }
    func padded(_ bytes: [UInt8]) -> [UInt8] {
      bytes + [UInt8](repeating: 0, count: -bytes.count & 3)
    }
    let value: [UInt8] = compatible.reduce(into: []) { $0 += Array($1.utf8) + [0] }
    let property =
      compatible.isEmpty ? [] : cell(3) + cell(value.count) + cell(0) + padded(value)
    let structure = cell(1) + cell(0) + property + cell(2) + cell(9)
    let strings = Array("compatible".utf8) + [0]
    let header = 40
    let reserved = 16
    let body = header + reserved
    let size = body + structure.count + strings.count
    return cell(0xD00D_FEED) + cell(size) + cell(body) + cell(body + structure.count)
      + cell(header) + cell(17) + cell(16) + cell(0) + cell(strings.count)
      + cell(structure.count) + [UInt8](repeating: 0, count: reserved) + structure + strings
  }

  private func create(_ tree: [UInt8]) -> (error: ihb_error, name: String?) {
    var new: OpaquePointer?
    // libfdt wants trees aligned; the library does not.
    let shifted = [0] + tree
    let error = unsafe shifted.withUnsafeBytes {
      unsafe ihb_create_from_dtb($0.baseAddress! + 1, tree.count, &new)
    }
    guard let new = unsafe new else { return (error, nil) }
    defer { unsafe ihb_destroy(new) }
    var description = unsafe ihb_description()
    unsafe ihb_describe(new, &description)
    return unsafe (error, String(cString: description.name))
  }

  @Test func aTreeSaysTheChip() {
    #expect(create(Self.tree(["nuvoton,npcm750-evb", "nuvoton,npcm750"])).name == "npcm750")
    #expect(create(Self.tree(["aspeed,ast2600-evb-a1", "aspeed,ast2600"])).name == "ast2600")
    #expect(create(Self.tree(["tyan,palmetto-bmc", "aspeed,ast2400"])).name == "ast2400")
  }

  @Test func aTreeWithoutAChipIsRefused() {
    expect(
      create(Self.tree(["arm,vexpress", "npcm750x"])).error, IHB_ERROR_UNKNOWN_SOC,
      "unknown system on chip in a board that is compatible to 'arm,vexpress': "
        + "ihb_soc_name lists those known")
    expect(
      create(Self.tree([])).error, IHB_ERROR_UNKNOWN_SOC,
      "the device tree's root has no 'compatible' that names a chip")
    expect(
      create([0xD0, 0x0D, 0xFE]).error, IHB_ERROR_BAD_TREE,
      "a flattened device tree has a header of 40 bytes, and here are 3")
    expect(
      create([UInt8](repeating: 0, count: 64)).error, IHB_ERROR_BAD_TREE,
      "no flattened device tree: FDT_ERR_BADMAGIC")
  }

  /// Whatever bytes: a chip, or an error.
  @Test(arguments: [1 as UInt64, 2])
  func noTreeIsACrash(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let tree = Self.tree(["nuvoton,npcm750-evb", "nuvoton,npcm750"])
    var made = 0
    for step in 0..<3_000 {
      var bytes = tree
      for _ in 0...random.next() % 4 {
        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      if random.next() % 4 == 0 { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
      let (error, name) = create(bytes)
      #expect((error == IHB_OK) == (name != nil), "\(random), step \(step)")
      if name != nil { made += 1 }
    }
    #expect(made > 0)
  }
}
