import CIPMIHostBridge
import EmulatorABI
import IPMI
import SystemInterfaces
import Testing

/// Linux's SSIF host at one end, firmware's KCS at the other.
@Suite struct SMBusTests {
  /// The bus of an emulator, which has one target.
  private struct Bus: SMBusTarget {
    let chip: Chip
    let address: UInt8 = 0x10

    private func record(_ error: ihb_error) {
      if error != IHB_OK { Issue.record(Chip.Failure(error)) }
    }

    var alert: Bool {
      var level = false
      unsafe record(ihb_smbus_alert(chip.soc, IHB_KCS1, &level))
      return level
    }

    mutating func start(_ direction: SMBusDirection, now: UInt64) -> Bool {
      var isAcknowledged = false
      unsafe record(ihb_smbus_start(chip.soc, IHB_KCS1, direction == .read, &isAcknowledged))
      return isAcknowledged
    }

    mutating func write(_ byte: UInt8) -> Bool {
      var isAcknowledged = false
      unsafe record(ihb_smbus_write(chip.soc, IHB_KCS1, byte, &isAcknowledged))
      return isAcknowledged
    }

    mutating func read() -> UInt8 {
      var byte: UInt8 = 0
      unsafe record(ihb_smbus_read(chip.soc, IHB_KCS1, &byte))
      return byte
    }

    mutating func stop(now: UInt64) { unsafe record(ihb_smbus_stop(chip.soc, IHB_KCS1)) }

    mutating func alertResponse() -> UInt8? {
      var byte: UInt8 = 0
      var isAcknowledged = false
      unsafe record(
        ihb_smbus_alert_response(chip.soc, IHB_KCS1, &byte, &isAcknowledged))
      return isAcknowledged ? byte : nil
    }
  }

  /// Gives the host's half whole transfers.
  private struct Controller: SMBusController {
    var bus: Bus
    var alert: Bool { bus.alert }
    mutating func alertResponse() -> UInt8? { bus.alertResponse() }
    mutating func writeBlock(
      _ command: UInt8, _ block: SMBusBlock, withPEC: Bool, now: UInt64
    ) -> Bool {
      bus.writeBlock(command, block, withPEC: withPEC, now: now)
    }
    mutating func readBlock(_ command: UInt8, withPEC: Bool, now: UInt64) -> SMBusBlock? {
      bus.readBlock(command, withPEC: withPEC, now: now)
    }
  }

  @Test func linuxsHostAsksFirmware() throws {
    let chip = try Chip("npcm750")
    unsafe try Chip.check(ihb_attach_smbus(chip.soc, IHB_KCS1, 0x10, nil, nil))
    var firmware = try Firmware(chip)
    var controller = Controller(bus: Bus(chip: chip))
    var host = SSIFHost()
    var now: UInt64 = 0
    for count in [2, 3, 33, 34, 65, 200, 250] {
      var request = Message([0x18, 0x52] as FixedBytes<300>)!
      while request.count < count { request.append(UInt8(truncatingIfNeeded: request.count)) }
      host.start(request)
      var response: Message?
      step: while now < 60_000_000_000 {
        switch host.event(on: &controller, now: now) {
        case .progressed: continue
        case .waiting(let end):
          try firmware.run()
          now = max(now + 1, end)
          try chip.advance(to: now)
        case .complete:
          response = host.response
          break step
        case .failed, .idle, .attention: break step
        }
      }
      let bytes = response.map { response in (0..<response.count).map { response.bytes[$0] } }
      let data = (2..<count).map { UInt8(truncatingIfNeeded: $0) }
      #expect(bytes == [0x1C, 0x52, 0x00] + data, "\(count) bytes")
      #expect(firmware.requests.last == request)
    }
  }

  /// What the BMC's pins ask of the host comes out as for every host.
  @Test func theHostIsControlled() throws {
    let chip = try Chip("npcm750")
    final class Host {
      var controls: [ihb_control] = []
    }
    let host = Host()
    unsafe try Chip.check(
      ihb_attach_smbus(
        chip.soc, IHB_KCS1, 0x20,
        { user, _, control in
          unsafe Unmanaged<Host>.fromOpaque(user!).takeUnretainedValue().controls.append(control)
        }, Unmanaged.passUnretained(host).toOpaque()))
    unsafe try Chip.check(ihb_ask(chip.soc, IHB_KCS1, IHB_CONTROL_GRACEFUL_SHUTDOWN))
    unsafe try Chip.check(ihb_ask(chip.soc, IHB_KCS1, IHB_CONTROL_RESET))
    #expect(try chip.deadline() == 0)
    try chip.advance(to: 1)
    #expect(host.controls == [IHB_CONTROL_RESET, IHB_CONTROL_GRACEFUL_SHUTDOWN])
    // Nothing has happened yet that SMBALERT# is for.
    let bus = Bus(chip: chip)
    #expect(bus.alert == false)
    var copy = bus
    #expect(copy.alertResponse() == nil)
  }
}
