import IPMI
import ManagementController

extension ControllerContent {
  /// The controller that has this content.
  ///
  /// - Parameters: as of the controller's own initialiser.
  /// - Throws: where it does not all fit; the error names `name`.
  public func makeController(
    named name: String = "content", powerIsOn: Bool = true, seconds: UInt32 = 0, now: UInt64 = 0
  ) throws(ContentError) -> ManagementController {
    var controller = ManagementController(
      identity: identity.device, powerIsOn: powerIsOn, seconds: seconds, now: now)
    controller.restorePolicy = restorePolicy.rawValue
    for (index, record) in records.enumerated() {
      guard let bytes = FixedBytes<255>(record.bytes.span), controller.add(bytes) else {
        throw ContentError(
          name,
          "record \(index) does not fit: there is room for "
            + "\(ManagementController.sdrCapacity) bytes of records")
      }
    }
    for (device, inventory) in inventories.enumerated() {
      guard let bytes = FixedBytes<8192>(inventory.span),
        controller.addFRU(bytes, size: fruAreaSize)
      else {
        throw ContentError(
          name,
          "FRU device \(device) does not fit: there is room for "
            + "\(ManagementController.fruDeviceLimit) devices and "
            + "\(ManagementController.fruCapacity) bytes")
      }
    }
    for (index, event) in events.enumerated() {
      guard let bytes = FixedBytes<16>(event.span), controller.add(event: EventRecord(bytes)) else {
        throw ContentError(
          name, "event \(index) does not fit: there is room for \(SystemEventLog.capacity)")
      }
    }
    for record in records {
      if let reading = record.reading {
        controller.show(sensor: record.sensorNumber, reading: reading)
      }
      if record.asserted != 0 {
        controller.show(sensor: record.sensorNumber, states: record.asserted)
      }
    }
    return controller
  }
}

extension ControllerContent {
  /// Throws where it does not all fit into a controller; the error names `name`.
  public func check(named name: String) throws(ContentError) {
    _ = try makeController(named: name)
  }
}

extension ControllerContent.Identity {
  /// As the controller takes it: the GUID's last byte first.
  var device: DeviceIdentity {
    var wire: FixedBytes<16> = FixedBytes()
    for byte in guid.reversed() { wire.append(byte) }
    var device = DeviceIdentity(
      deviceID: deviceID, deviceRevision: deviceRevision, firmwareMajor: firmwareMajor,
      firmwareMinor: firmwareMinor, auxiliaryRevision: auxiliaryRevision,
      manufacturer: manufacturer, product: product, guid: wire)
    device.providesDeviceSDRs = providesDeviceSDRs
    return device
  }
}

extension ControllerContent.Record {
  /// The number of the sensor that a full or a compact record describes.
  var sensorNumber: UInt8 { bytes.count > 7 ? bytes[7] : 0xFF }
}
