import TestSupport
import Testing

@testable import HostPeripherals
@testable import SystemInterfaces

/// Registers that write down what is done to them.
struct LoggedRegisters: HostRegisters {
  static let registerCount = 3
  var log: [String] = []

  mutating func hostRead(register: Int) -> UInt8 {
    log.append("R\(register)")
    return UInt8(0xA0 + register)
  }

  mutating func hostWrite(_ value: UInt8, register: Int) { log.append("W\(register)=\(value)") }
}

@Suite struct RegisterWindowTests {
  @Test func theDefaultsAreThePorts() {
    #expect(ISAInterface.kcs.window == RegisterWindow(.io, base: 0xCA2, registerCount: 2))
    #expect(ISAInterface.kcs.window.size == 2 && ISAInterface.kcs.interrupt == 5)
    #expect(ISAInterface.bt.window == RegisterWindow(.io, base: 0xE4, registerCount: 3))
    #expect(ISAInterface.bt.window.size == 4 && ISAInterface.bt.interrupt == 5)
  }

  /// Every address around the window, of either space, for every spacing and number of registers.
  @Test(arguments: RegisterWindow.Spacing.allCases, [RegisterWindow.Space.io, .memory])
  func everyAddressIsARegisterOrNot(spacing: RegisterWindow.Spacing, space: RegisterWindow.Space) {
    for count in 1...4 {
      let window = RegisterWindow(space, base: 0xCA2, spacing: spacing, registerCount: count)
      for address in UInt64(0xC00)...0xD00 {
        let offset = Int(address) - 0xCA2
        let expected =
          (0..<count).contains { $0 * spacing.stride == offset } ? offset / spacing.stride : nil
        #expect(window.register(at: address, in: space) == expected)
        #expect(window.contains(address, in: space) == (0..<window.size).contains(offset))
        let other: RegisterWindow.Space = space == .io ? .memory : .io
        #expect(window.register(at: address, in: other) == nil)
        #expect(!window.contains(address, in: other))
      }
    }
  }

  @Test(arguments: RegisterWindow.Spacing.allCases)
  func everyAccessIsOneOfBytes(spacing: RegisterWindow.Spacing) {
    let window = RegisterWindow(.memory, base: 0x1000, spacing: spacing, registerCount: 3)
    for width in [1, 2, 4, 8] {
      for address in UInt64(0xFF0)...0x1050 {
        var registers = LoggedRegisters()
        let value = window.read(address, in: .memory, width: width, from: &registers)
        var expected: UInt64 = 0
        var reads: [String] = []
        var isMine = false
        for index in 0..<width {
          let byte = address + UInt64(index)
          isMine = isMine || (0x1000..<0x1000 + UInt64(window.size)).contains(byte)
          let register = window.register(at: byte, in: .memory)
          if let register { reads.append("R\(register)") }
          expected |= UInt64(register.map { 0xA0 + $0 } ?? 0xFF) << UInt64(index * 8)
        }
        #expect(value == (isMine ? expected : nil))
        #expect(registers.log == reads)
        registers.log = []
        let written = window.write(
          0x0807_0605_0403_0201, to: address, in: .memory, width: width, of: &registers)
        #expect(written == isMine)
        #expect(registers.log.count == reads.count)
        for index in 0..<width {
          guard let register = window.register(at: address + UInt64(index), in: .memory) else {
            continue
          }
          #expect(registers.log.contains("W\(register)=\(index + 1)"))
        }
      }
    }
  }

  @Test func theHighestAddressesDoNotWrap() {
    let window = RegisterWindow(.memory, base: .max - 3, registerCount: 3)
    var registers = LoggedRegisters()
    #expect(window.read(.max, in: .memory, width: 8, from: &registers) == .max)
    #expect(registers.log == [], "byte 3 is in the window and no register")
    #expect(window.read(.max - 3, in: .memory, width: 1, from: &registers) == 0xA0)
  }

  // MARK: The registers of the channels

  @Test func theKCSRegistersAreODRAndSTR() {
    var channel = KCSChannel()
    channel.enables = .hostDecode
    for value in UInt8.min...UInt8.max {
      channel.hostWrite(value, register: 0)
      #expect(channel.idr == value && channel.str == .inputBufferFull)
      channel.hostWrite(value, register: 1)
      #expect(channel.idr == value && channel.str == [.inputBufferFull, .commandData])
      _ = channel.bmcReadData()
      channel.bmcWriteData(value)
      #expect(channel.hostRead(register: 1) == 0x09)
      #expect(channel.hostRead(register: 0) == value)
      #expect(channel.hostRead(register: 1) == 0x08)
      channel.bmcWriteStatus(KCSStatus(rawValue: value))
      #expect(channel.hostRead(register: 1) == value & 0xF4 | 0x08)
      channel.bmcWriteStatus([])
    }
    channel.enables = []
    #expect(channel.hostRead(register: 0) == 0xFF && channel.hostRead(register: 1) == 0xFF)
  }

  /// Each bit alone, from either value of every other one: what a write of it does.
  @Test func everyBitOfTheBTRegisters() {
    for before in UInt8.min...UInt8.max {
      for bit in UInt8(0)..<8 {
        var (window, direct) = (BTChannel(), BTChannel())
        for step in 0..<2 {
          let value = step == 0 ? before : 1 << bit
          for register in [0, 2] {
            window.enables = .hostDecode
            direct.enables = .hostDecode
            window.hostWrite(value, register: register)
            if register == 0 {
              direct.hostWriteControl(BTControl(rawValue: value))
            } else {
              direct.hostWriteInterruptMask(BTInterruptMask(rawValue: value))
            }
            #expect(window.hostRead(register: 0) == direct.control.rawValue)
            #expect(window.hostRead(register: 2) == direct.interruptMask.rawValue)
          }
        }
      }
    }
  }

  @Test func theBTDataPortIsRegister1() {
    var channel = BTChannel()
    channel.enables = [.hostDecode, .bmcClearReadPointer, .bmcClearWritePointer]
    for value in UInt8(0)..<64 { channel.hostWrite(value ^ 0x5A, register: 1) }
    for value in UInt8(0)..<64 {
      #expect(channel.bmcReadData() == value ^ 0x5A)
      channel.bmcWriteData(value &* 3)
    }
    for value in UInt8(0)..<64 { #expect(channel.hostRead(register: 1) == value &* 3) }
    #expect(channel.hostRead(register: 1) == 0xFF)
  }
}
