import SystemInterfaces

/// The bus, and the time at which the host uses it next: each access takes a cycle.
struct BusCursor {
  /// Has the host that this is of.
  unowned let bus: any PortBus
  /// Nanoseconds.
  var time: UInt64

  mutating func read(_ port: UInt16) -> UInt8 {
    defer { time += busCycle }
    return bus.read(port, at: time)
  }

  mutating func write(_ value: UInt8, _ port: UInt16) {
    bus.write(value, to: port, at: time)
    time += busCycle
  }
}

/// KCS at its usual ports.
struct KCSPorts: KCSHostRegisters {
  var cursor: BusCursor

  mutating func hostReadStatus() -> KCSStatus { KCSStatus(rawValue: cursor.read(0xCA3)) }
  mutating func hostReadData() -> UInt8 { cursor.read(0xCA2) }
  mutating func hostWriteData(_ value: UInt8) { cursor.write(value, 0xCA2) }
  mutating func hostWriteCommand(_ value: UInt8) { cursor.write(value, 0xCA3) }
}

/// BT at its usual ports.
struct BTPorts: BTHostRegisters {
  var cursor: BusCursor

  mutating func hostReadControl() -> BTControl { BTControl(rawValue: cursor.read(0xE4)) }
  mutating func hostWriteControl(_ value: BTControl) { cursor.write(value.rawValue, 0xE4) }
  mutating func hostReadData() -> UInt8 { cursor.read(0xE5) }
  mutating func hostWriteData(_ value: UInt8) { cursor.write(value, 0xE5) }
  mutating func hostReadInterruptMask() -> BTInterruptMask {
    BTInterruptMask(rawValue: cursor.read(0xE6))
  }
  mutating func hostWriteInterruptMask(_ value: BTInterruptMask) {
    cursor.write(value.rawValue, 0xE6)
  }
}
