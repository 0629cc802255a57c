import SystemInterfaces
import Testing

/// Random runs of the models, access by access on our registers: both must hold the same after each.
@Suite(.enabled(if: Spin.isInstalled), .serialized) struct ReplayTests {
  static let disturbances = ["TRANSACTIONS=12", "TIMEOUTS=9", "ABORTS=6", "ATTENTIONS=3"]

  @Test(arguments: 1...8) func `KCS does what its model does`(seed: Int) throws {
    let accesses = try Spin("kcs").simulate(
      seed: seed, Self.disturbances + ["FORCED_ABORTS=3"])
    #expect(accesses.count > 100, "seed \(seed)")
    var channel = KCSChannel()
    channel.enables = .hostDecode
    for (index, access) in accesses.enumerated() {
      let value = channel.perform(access)
      try #require(value == access.value, "seed \(seed), access \(index): \(access)")
      let registers = [channel.idr, channel.odr, channel.str.rawValue]
      try #require(registers == access.registers, "seed \(seed), access \(index): \(access)")
    }
  }

  @Test(arguments: 1...8) func `BT does what its model does`(seed: Int) throws {
    let accesses = try Spin("bt").simulate(seed: seed, Self.disturbances)
    #expect(accesses.count > 100, "seed \(seed)")
    var channel = BTChannel()
    channel.enables = [.hostDecode, .bmcClearReadPointer, .bmcClearWritePointer]
    for (index, access) in accesses.enumerated() {
      let value = channel.perform(access)
      try #require(value == access.value, "seed \(seed), access \(index): \(access)")
      let pointers = channel.pointers
      let registers = [
        channel.control.rawValue, pointers.hostWrite, pointers.bmcRead, pointers.bmcWrite,
        pointers.hostRead,
      ]
      try #require(registers == access.registers, "seed \(seed), access \(index): \(access)")
    }
  }
}

extension KCSChannel {
  /// Does the access; the value that was read, or written.
  fileprivate mutating func perform(_ access: Spin.Access) -> UInt8? {
    switch access.name {
    case "hostReadStatus": return hostReadStatus().rawValue
    case "hostReadData": return hostReadData()
    case "hostWriteData": hostWriteData(access.value)
    case "hostWriteCommand": hostWriteCommand(access.value)
    case "bmcReadStatus": return bmcReadStatus().rawValue
    case "bmcWriteStatus": bmcWriteStatus(KCSStatus(rawValue: access.value))
    case "bmcReadData": return bmcReadData()
    case "bmcWriteData": bmcWriteData(access.value)
    default: return nil
    }
    return access.value
  }
}

extension BTChannel {
  /// Does the access; the value that was read, or written.
  fileprivate mutating func perform(_ access: Spin.Access) -> UInt8? {
    switch access.name {
    case "hostReadControl": return hostReadControl().rawValue
    case "hostWriteControl": hostWriteControl(BTControl(rawValue: access.value))
    case "hostReadData": return hostReadData()
    case "hostWriteData": hostWriteData(access.value)
    case "bmcReadControl": return bmcReadControl().rawValue
    case "bmcWriteControl": bmcWriteControl(BTControl(rawValue: access.value))
    case "bmcReadData": return bmcReadData()
    case "bmcWriteData": bmcWriteData(access.value)
    default: return nil
    }
    return access.value
  }
}
