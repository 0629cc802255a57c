import IPMI
import ManagementController
import Testing

@Suite struct AppCommandTests {
  @Test func getDeviceIDTellsTheIdentity() throws {
    var controller = makeController()
    #expect(
      try controller.data(.getDeviceID) == [
        0x20, 0x01, 0x01, 0x23, 0x02, 0x8F, 0xDE, 0xBC, 0x0A, 0x34, 0x12, 0x0A, 0x0B, 0x0C, 0x0D,
      ])
  }

  @Test func selfTestPasses() throws {
    var controller = makeController()
    #expect(try controller.data(.getSelfTestResults) == [0x55, 0x00])
  }

  @Test func deviceAndSystemGUIDAreTheOneGiven() throws {
    var controller = makeController()
    #expect(try controller.data(.getDeviceGUID) == Array(0...15))
    #expect(try controller.data(.getSystemGUID) == Array(0...15))
  }

  @Test func aShortGUIDIsFilledWithZeros() throws {
    let identity = DeviceIdentity(
      firmwareMajor: 0, firmwareMinor: 0, manufacturer: 0, product: 0, guid: [1, 2])
    var controller = ManagementController(
      identity: identity, sensors: SensorTable(), fru: emptyFRU)
    #expect(try controller.data(.getDeviceGUID) == [1, 2] + Array(repeating: 0, count: 14))
  }

  @Test func resetsAreLeftToTheBoard() {
    var controller = makeController()
    #expect(controller.code(.coldReset) == 0)
    #expect(controller.code(.warmReset) == 0)
    #expect(controller.takeActions() == [.coldReset, .warmReset])
  }

  @Test func acpiPowerStateIsKept() throws {
    var controller = makeController()
    #expect(controller.code(.setACPIPowerState, [0x85, 0x83]) == 0)
    #expect(try controller.data(.getACPIPowerState) == [0x05, 0x03])
    #expect(controller.code(.setACPIPowerState, [0x00, 0x00]) == 0)
    #expect(controller.code(.setACPIPowerState, [0xFF, 0xFF]) == 0)
    #expect(try controller.data(.getACPIPowerState) == [0x05, 0x03])
    #expect(controller.code(.setACPIPowerState, [0x8B, 0x00]) == 0xCC)
    #expect(controller.code(.setACPIPowerState, [0x00, 0x84]) == 0xCC)
  }

  @Test func interfaceCapabilitiesAreTold() throws {
    var controller = makeController()
    #expect(try controller.data(.getBTInterfaceCapabilities) == [1, 0xFF, 0xFF, 5, 0])
    #expect(try controller.data(.getSystemInterfaceCapabilities, [0x01]) == [0, 0, 0xFF])
    #expect(controller.code(.getSystemInterfaceCapabilities, [0x00]) == 0xCC)
  }

  @Test func channelInfoIsToldForTheChannelsThatExist() throws {
    var controller = makeController()
    let system: [UInt8] = [0x0F, 0x0C, 0x05, 0x00, 0xF2, 0x1B, 0x00, 0xFF, 0xFF]
    #expect(try controller.data(.getChannelInfo, [0x0F]) == system)
    #expect(try controller.data(.getChannelInfo, [0x0E]) == system)
    #expect(
      try controller.data(.getChannelInfo, [0x00])
        == [0x00, 0x01, 0x01, 0x00, 0xF2, 0x1B, 0x00, 0x00, 0x00])
    for channel in UInt8(1)...0x0D {
      #expect(controller.code(.getChannelInfo, [channel]) == 0xCC)
    }
  }

  @Test func channelsWithoutSessionsHaveNoAccessSettings() {
    var controller = makeController()
    #expect(controller.code(.getChannelAccess, [0x0E, 0x40]) == 0x82)
    #expect(controller.code(.setChannelAccess, [0x0F, 0x40, 0x44]) == 0x82)
    #expect(controller.code(.getChannelAccess, [0x01, 0x40]) == 0xCC)
  }

  @Test func globalEnablesAreKeptAndOthersRefused() throws {
    var controller = makeController()
    #expect(try controller.data(.getBMCGlobalEnables) == [0x08])
    #expect(controller.code(.setBMCGlobalEnables, [0x0F]) == 0)
    #expect(try controller.data(.getBMCGlobalEnables) == [0x0F])
    #expect(controller.code(.setBMCGlobalEnables, [0x10]) == 0xCC)
    #expect(try controller.data(.getBMCGlobalEnables) == [0x0F])
  }
}
