import IPMI
import Testing

@testable import HostPeripherals
@testable import SystemInterfaces

extension [UInt8] {
  init<let capacity: Int>(_ bytes: FixedBytes<capacity>) {
    self = (0..<bytes.count).map { bytes[$0] }
  }
}

@Suite struct InterfaceDescriptionTests {
  private func record(_ description: InterfaceDescription) -> [UInt8] {
    Array(description.smbiosRecord(handle: 0x3000))
  }

  @Test func theRecordOfKCS() {
    #expect(
      record(InterfaceDescription(.kcs)) == [
        0x26, 0x12, 0x00, 0x30, 1, 0x20, 0x20, 0xFF, 0xA3, 0x0C, 0, 0, 0, 0, 0, 0, 0x0B, 5, 0, 0,
      ])
  }

  @Test func theRecordOfBT() {
    #expect(
      record(InterfaceDescription(.bt)) == [
        0x26, 0x12, 0x00, 0x30, 3, 0x20, 0x20, 0xFF, 0xE5, 0, 0, 0, 0, 0, 0, 0, 0x0B, 5, 0, 0,
      ])
  }

  @Test func theRecordOfSSIF() {
    #expect(
      record(InterfaceDescription()) == [
        0x26, 0x12, 0x00, 0x30, 4, 0x20, 0x20, 0xFF, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
      ])
  }

  /// What Linux's `dmi` code makes of a record is what was described.
  @Test func theRecordIsWhatALinuxHostReadsOfIt() {
    for spacing in RegisterWindow.Spacing.allCases {
      for space in [RegisterWindow.Space.io, .memory] {
        for base in [0xCA2, 0xCA3, 0xFED4_0001_0000] as [UInt64] {
          for interrupt in [0, 10] as [UInt8] {
            let window = RegisterWindow(space, base: base, spacing: spacing, registerCount: 2)
            let bytes = record(
              InterfaceDescription(ISAInterface(.kcs, window: window, interrupt: interrupt)))
            var address = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[8 + $1]) << UInt64($1 * 8) }
            #expect(address & 1 == (space == .io ? 1 : 0))
            address = address & ~1 | UInt64(bytes[0x10] >> 4 & 1)
            #expect(address == base)
            #expect([1, 4, 16][Int(bytes[0x10] >> 6)] == spacing.stride)
            #expect(bytes[0x10] & 0b1111 == (interrupt == 0 ? 0 : 0b1011))
            #expect(bytes[0x11] == interrupt)
          }
        }
      }
    }
  }

  @Test func aPCIFunctionIsDescribedWhenItIsDecoded() {
    var function = PCIInterface(.kcs, space: .memory, spacing: .fourBytes)
    #expect(InterfaceDescription(function) == nil)
    function.writeConfiguration(0xFEBF_0000, to: 0x10, width: 4)
    function.writeConfiguration(11, to: 0x3C, width: 1)
    function.writeConfiguration(2, to: 0x04, width: 2)
    let bytes = InterfaceDescription(function).map(record)
    #expect(bytes?[8..<18] == [0, 0, 0xBF, 0xFE, 0, 0, 0, 0, 0x4B, 11])
  }

  @Test func theACPIFacts() {
    #expect("\(InterfaceDescription.acpiHardwareID)" == "IPI0001")
    #expect(InterfaceDescription.acpiRevision == 0x0200)
    let all = [InterfaceDescription(.kcs), InterfaceDescription(.bt), InterfaceDescription()]
    #expect(all.map(\.acpiInterfaceType) == [1, 3, 4])
    #expect(all.map { "\($0.acpiDescription)" } == ["ipmi_kcs", "ipmi_bt", "ipmi_smbus"])
  }

  private func table(_ description: InterfaceDescription) -> [UInt8] {
    Array(
      description.spmiTable(
        oemID: [0x41, 0x42, 0x43], oemTableID: [0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4A, 0x4B]))
  }

  @Test func theSPMITableOfKCS() {
    let bytes = table(InterfaceDescription(.kcs))
    #expect(bytes.count == 65 && bytes.reduce(0, &+) == 0)
    #expect(bytes[..<9] == [0x53, 0x50, 0x4D, 0x49, 65, 0, 0, 0, 5])
    #expect(bytes[10..<24] == [0x41, 0x42, 0x43, 0x20, 0x20, 0x20] + (0x44...0x4B))
    #expect(bytes[36..<48] == [1, 1, 0x00, 0x02, 2, 0, 0, 0, 5, 0, 0, 0])
    #expect(bytes[48..<60] == [1, 8, 0, 1, 0xA2, 0x0C, 0, 0, 0, 0, 0, 0])
    #expect(bytes[60...] == [0, 0, 0, 0, 0])
  }

  @Test func theSPMITableOfSSIFAndOfSpacedRegisters() {
    let ssif = table(InterfaceDescription())
    #expect(ssif.reduce(0, &+) == 0 && ssif[36] == 4 && ssif[40] == 0)
    #expect(ssif[48..<60] == [4, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0])
    for spacing in RegisterWindow.Spacing.allCases {
      let window = RegisterWindow(.memory, base: 0x1_2345_6780, spacing: spacing, registerCount: 3)
      let bytes = table(InterfaceDescription(ISAInterface(.bt, window: window)))
      #expect(bytes[48..<52] == [0, UInt8(spacing.stride * 8), 0, 1])
      #expect(bytes[52..<60] == [0x80, 0x67, 0x45, 0x23, 1, 0, 0, 0])
    }
  }
}
