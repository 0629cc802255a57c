import CQEMU

/// The ISA bus of a PC, whose devices the LPC bus of newer ones carries: I/O ports and interrupts.
struct ISABus {
  /// The interrupts of the bus that a device can have.
  static let interrupts = [1, 3, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15]

  /// The bus of the machine that QEMU runs.
  static func ofMachine() throws(RealizationError) -> ISABus {
    let path: StaticString = ""
    let type: StaticString = "ISA"
    if unsafe qemu.object_resolve_path_type(path.characters, type.characters, nil) != nil,
      unsafe qemu.isa_get_irq != nil
    {
      return ISABus()
    }
    guard let machine = unsafe qemu.object_resolve_path("/machine", nil) else {
      throw RealizationError("there is no machine")
    }
    throw unsafe RealizationError(
      "machine ", .machine(type: qemu.object_get_typename(machine)!),
      " has no ISA bus: this is a device of PCs, of qemu-system-x86_64")
  }

  /// The interrupt with a number of ``interrupts``.
  func interruptLine(_ number: Int) -> InterruptLine {
    unsafe InterruptLine(qemu.isa_get_irq!(nil, UInt32(number))!)
  }

  /// Has `port` answer the host's accesses to its number, which it does as long as QEMU runs.
  func add(_ port: Port) {
    unsafe addRegion(
      named: "ipmi-host-bridge-port", cqemu_port_operations(),
      Unmanaged.passRetained(port).toOpaque(), to: qemu.get_system_io(), at: UInt64(port.number),
      size: 1)
  }

  /// An I/O port.
  class Port {
    final let number: UInt16

    init(_ number: UInt16) {
      self.number = number
    }

    func read() -> UInt8 { 0xFF }
    func write(_ value: UInt8) {}
  }
}

@c(port_read) @implementation
func readPort(_ opaque: UnsafeMutableRawPointer, _ offset: UInt64, _ size: UInt32) -> UInt64 {
  unsafe Unmanaged<ISABus.Port>.fromOpaque(opaque)._withUnsafeGuaranteedRef { UInt64($0.read()) }
}

@c(port_write) @implementation
func writePort(
  _ opaque: UnsafeMutableRawPointer, _ offset: UInt64, _ value: UInt64, _ size: UInt32
) {
  unsafe Unmanaged<ISABus.Port>.fromOpaque(opaque)._withUnsafeGuaranteedRef {
    $0.write(UInt8(truncatingIfNeeded: value))
  }
}
