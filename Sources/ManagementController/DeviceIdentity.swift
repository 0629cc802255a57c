import IPMI

/// What Get Device ID and Get Device GUID tell about the controller. IPMI v2.0, section 20.1.
public struct DeviceIdentity: Sendable {
  /// Device ID; the manufacturer's choice, 20h by custom.
  public var deviceID: UInt8
  /// Device revision, 4 bits.
  public var deviceRevision: UInt8
  /// Major firmware revision, 7 bits, binary.
  public var firmwareMajor: UInt8
  /// Minor firmware revision, BCD.
  public var firmwareMinor: UInt8
  /// Auxiliary firmware revision, sent with its most significant byte first.
  public var auxiliaryRevision: UInt32
  /// Manufacturer ID: the IANA enterprise number, 20 bits.
  public var manufacturer: UInt32
  /// Product ID, chosen by the manufacturer.
  public var product: UInt16
  /// GUID in the order of the wire: node first, time low last; 16 bytes, zeros where fewer are
  /// given. IPMI v2.0, section 20.8.
  public var guid: FixedBytes<16>
  /// Name in the controller's own device locator record; ASCII, cut at 16 bytes.
  public var name: FixedBytes<16>
  /// Whether the device SDR commands are answered, with a record for each sensor; most software
  /// would then list a sensor twice that has one in the SDR repository.
  public var providesDeviceSDRs = false

  public init(
    deviceID: UInt8 = 0x20, deviceRevision: UInt8 = 1, firmwareMajor: UInt8, firmwareMinor: UInt8,
    auxiliaryRevision: UInt32 = 0, manufacturer: UInt32, product: UInt16, guid: FixedBytes<16>,
    name: StaticString = "BMC"
  ) {
    self.deviceID = deviceID
    self.deviceRevision = deviceRevision
    self.firmwareMajor = firmwareMajor
    self.firmwareMinor = firmwareMinor
    self.auxiliaryRevision = auxiliaryRevision
    self.manufacturer = manufacturer
    self.product = product
    self.guid = guid
    while self.guid.append(0) {}
    self.name = FixedBytes(text: name)
  }
}

extension FixedBytes {
  /// The UTF-8 bytes of `text`, cut where the buffer ends.
  public init(text: StaticString) {
    self.init()
    text.withUTF8Buffer { buffer in
      for index in 0..<Swift.min(buffer.count, capacity) {
        unsafe append(buffer[index])
      }
    }
  }
}
