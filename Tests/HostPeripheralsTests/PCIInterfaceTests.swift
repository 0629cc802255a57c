import Testing

@testable import HostPeripherals
@testable import SystemInterfaces

/// Four bytes of configuration space: how every bit of them answers.
struct ConfigurationRow: Sendable {
  var name: String
  var offset: Int
  var reset: UInt32 = 0
  /// Bits that read back what was written.
  var writable: UInt32 = 0

  /// Every register of a function.
  static func all(_ interface: PCIInterface) -> [ConfigurationRow] {
    let isIO = interface.space == .io
    let known = [
      ConfigurationRow(name: "vendor, device", offset: 0x00, reset: 0x1112_1234),
      ConfigurationRow(name: "command, status", offset: 0x04, writable: isIO ? 0x401 : 0x402),
      ConfigurationRow(
        name: "revision, class", offset: 0x08,
        reset: interface.type == .kcs ? 0x0C07_0101 : 0x0C07_0201),
      ConfigurationRow(
        name: "BAR0", offset: 0x10, reset: isIO ? 1 : 0, writable: ~(interface.size - 1)),
      ConfigurationRow(name: "subsystem", offset: 0x2C, reset: 0x1100_1AF4),
      ConfigurationRow(name: "interrupt", offset: 0x3C, reset: 0x0100, writable: 0xFF),
    ]
    return stride(from: 0, to: 256, by: 4).map { offset in
      known.first { $0.offset == offset }
        ?? ConfigurationRow(name: "\(String(offset, radix: 16))h", offset: offset)
    }
  }
}

@Suite struct PCIInterfaceTests {
  /// Every kind of function.
  static let all: [PCIInterface] = [InterfaceType.kcs, .bt].flatMap { type in
    [RegisterWindow.Space.io, .memory].flatMap { space in
      RegisterWindow.Spacing.allCases.map { PCIInterface(type, space: space, spacing: $0) }
    }
  }

  @Test(arguments: all.indices) func readsItsResetValue(index: Int) {
    let function = Self.all[index]
    for row in ConfigurationRow.all(function) {
      let value = function.readConfiguration(row.offset, width: 4, interrupt: false)
      #expect(value == row.reset, "\(row.name)")
      for byte in 0..<4 {
        let narrow = function.readConfiguration(row.offset + byte, width: 1, interrupt: false)
        #expect(narrow == row.reset >> UInt32(byte * 8) & 0xFF, "\(row.name)")
      }
      for half in [0, 2] {
        let narrow = function.readConfiguration(row.offset + half, width: 2, interrupt: false)
        #expect(narrow == row.reset >> UInt32(half * 8) & 0xFFFF, "\(row.name)")
      }
    }
  }

  /// Each bit alone, and all but that bit.
  @Test(arguments: all.indices) func everyBitIsWritableOrFixed(index: Int) {
    for row in ConfigurationRow.all(Self.all[index]) {
      for bit in UInt32(0)..<32 {
        var function = Self.all[index]
        for written in [UInt32(1) << bit, ~(1 << bit), 0] {
          function.writeConfiguration(written, to: row.offset, width: 4)
          let expected = written & row.writable | row.reset & ~row.writable
          let value = function.readConfiguration(row.offset, width: 4, interrupt: false)
          #expect(value == expected, "\(row.name), bit \(bit)")
        }
      }
    }
  }

  @Test(arguments: all.indices) func aWriteReachesNoOtherRegister(index: Int) {
    let rows = ConfigurationRow.all(Self.all[index])
    for row in rows {
      var function = Self.all[index]
      function.writeConfiguration(.max, to: row.offset, width: 4)
      for other in rows where other.offset != row.offset {
        let value = function.readConfiguration(other.offset, width: 4, interrupt: false)
        #expect(value == other.reset, "\(row.name), \(other.name)")
      }
    }
  }

  @Test(arguments: [1, 2]) func aNarrowWriteReachesItsBytes(width: Int) {
    let ones: UInt32 = 1 << UInt32(width * 8) - 1
    for base in Self.all {
      for row in ConfigurationRow.all(base) {
        for offset in stride(from: 0, to: 4, by: width) {
          var function = base
          function.writeConfiguration(.max, to: row.offset + offset, width: width)
          let written = ones << UInt32(offset * 8)
          let expected = written & row.writable | row.reset & ~(written & row.writable)
          let value = function.readConfiguration(row.offset, width: 4, interrupt: false)
          #expect(value == expected, "\(row.name)")
        }
      }
    }
  }

  /// How firmware finds out how much a BAR decodes.
  @Test func theBARTellsItsSize() {
    let sizes = Self.all.map { function -> UInt32 in
      var function = function
      function.writeConfiguration(.max, to: 0x10, width: 4)
      let value = function.readConfiguration(0x10, width: 4, interrupt: false)
      return ~(value & (function.space == .io ? ~3 : ~15)) &+ 1
    }
    // KCS: I/O and memory, each with a spacing of 1, 4 and 16; then BT.
    #expect(sizes == [8, 8, 32, 16, 16, 32, 8, 16, 64, 16, 16, 64])
  }

  @Test func nothingIsDecodedBeforeTheCommandRegisterSaysSo() {
    for base in Self.all {
      var function = base
      function.writeConfiguration(0xC000, to: 0x10, width: 4)
      let enable: UInt32 = base.space == .io ? 1 : 2
      for command in UInt32(0)...3 {
        function.writeConfiguration(command, to: 0x04, width: 2)
        #expect((function.window != nil) == (command & enable != 0))
        #expect(function.window?.base ?? 0xC000 == 0xC000)
        #expect(function.window?.space ?? base.space == base.space)
      }
      function.reset()
      #expect(function.window == nil && function.base == 0)
    }
  }

  @Test func accessesReachTheChannelWhereTheBARIs() throws {
    for spacing in RegisterWindow.Spacing.allCases {
      var function = PCIInterface(.kcs, spacing: spacing)
      function.writeConfiguration(0xC040, to: 0x10, width: 4)
      function.writeConfiguration(1, to: 0x04, width: 2)
      var device = KCSDevice()
      let window = try #require(function.window)
      let status = UInt64(0xC040 + spacing.stride)
      #expect(window.read(status, in: .io, width: 1, from: &device) == 0)
      window.write(0x61, to: status, in: .io, width: 1, of: &device)
      #expect(window.read(status, in: .io, width: 1, from: &device) == 0x89)
      #expect(window.read(0xCA3, in: .io, width: 1, from: &device) == nil)
    }
  }

  @Test func theInterruptIsPendingAndAssertedOrNot() {
    var function = PCIInterface(.bt)
    for (command, asserted) in [(0, true), (0x400, false)] as [(UInt32, Bool)] {
      function.writeConfiguration(command, to: 0x04, width: 2)
      for level in [false, true] {
        #expect(function.interrupt(level) == (level && asserted))
        let status = function.readConfiguration(0x06, width: 2, interrupt: level)
        #expect(status == (level ? 0x0008 : 0), "pending, whether it is asserted or not")
      }
    }
  }
}
