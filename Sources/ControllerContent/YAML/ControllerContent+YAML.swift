import Foundation
import IPMI
import ManagementController
import Yams

extension ControllerContent {
  /// The content that a description in YAML tells of.
  ///
  /// - Parameter file: The file's name, for an error.
  /// - Throws: with the line, what was expected there, and for an unknown key the nearest known one.
  public init(yaml text: String, file: String) throws(ContentError) {
    guard text.utf8.count <= Self.fileLimit else {
      throw ContentError(file, "more than \(Self.fileLimit) bytes")
    }
    self.init()
    let document = try YAMLValue.document(text, file: file)
    let keys = try document.mapping(["identity", "power", "sdr", "fru-area-size", "fru", "log"])
    if let identity = keys["identity"] { self.identity = try Identity(identity) }
    if let restore = try keys["power"]?.mapping(["restore"])["restore"] {
      guard let policy = RestorePolicy(rawValue: try restore.choice(.restorePolicies)) else {
        throw restore.error("expected off, previous or on")
      }
      restorePolicy = policy
    }
    if let sdr = keys["sdr"] { records = try Self.records(sdr) }
    if let size = keys["fru-area-size"] {
      fruAreaSize = try size.integer(in: 8...ManagementController.fruCapacity)
    }
    if let fru = keys["fru"] {
      for entry in try fru.list(atMost: ManagementController.fruDeviceLimit) {
        inventories.append(try InventoryYAML.inventory(entry, areaSize: fruAreaSize))
      }
      guard inventories.count * fruAreaSize <= ManagementController.fruCapacity else {
        throw fru.error(
          "\(inventories.count) devices of \(fruAreaSize) bytes; at most "
            + "\(ManagementController.fruCapacity) bytes fit; make fru-area-size smaller")
      }
    }
    if let log = keys["log"] {
      for entry in try log.list(atMost: SystemEventLog.capacity) {
        events.append(try EventYAML.record(entry))
      }
    }
  }

  private static func records(_ value: YAMLValue) throws(ContentError) -> [Record] {
    var records: [Record] = []
    var lines: [UInt8: Int] = [:]
    var size = 0
    for entry in try value.list(atMost: ManagementController.sdrCapacity / 5) {
      let record = try Record(entry)
      size += record.bytes.count
      guard size <= ManagementController.sdrCapacity else {
        throw entry.error(
          "from here on there is no room: \(ManagementController.sdrCapacity) bytes fit")
      }
      if record.isOwnSensor, !entry.isBytes {
        let first = lines.updateValue(entry.node.mark?.line ?? 0, forKey: record.sensorNumber)
        if let first {
          throw entry.error("sensor \(record.sensorNumber) was described before, in line \(first)")
        }
        guard lines.count <= SensorTable.capacity else {
          throw entry.error("one sensor too many; \(SensorTable.capacity) are possible")
        }
      } else if !record.isOwnSensor, record.reading != nil || record.asserted != 0 {
        throw entry.error("this record describes no sensor of this controller that could show it")
      }
      records.append(record)
    }
    return records
  }

  /// The content in YAML: read again, it is the same.
  public var yaml: String {
    var yaml = YAMLText()
    if identity != Identity() { yaml.section("identity") { identity.write(to: &$0) } }
    if restorePolicy != .off {
      yaml.section("power") {
        $0.pair("restore", Names.restorePolicies.text(restorePolicy.rawValue))
      }
    }
    if !records.isEmpty {
      yaml.blank()
      yaml.comment("Sensor data records, in order.")
      yaml.section("sdr") {
        // A second sensor of a number, or one too many, is only a record.
        var numbers: Set<UInt8> = []
        for record in records {
          let isOnlyARecord =
            record.isOwnSensor
            && (numbers.contains(record.sensorNumber) || numbers.count == SensorTable.capacity)
          if record.write(to: &$0, asBytes: isOnlyARecord), record.isOwnSensor {
            numbers.insert(record.sensorNumber)
          }
        }
      }
    }
    yaml.blank()
    yaml.comment("Bytes of each FRU inventory; QEMU calls it fruareasize.")
    yaml.pair("fru-area-size", String(fruAreaSize))
    if !inventories.isEmpty {
      yaml.section("fru") {
        for inventory in inventories {
          InventoryYAML.write(inventory, areaSize: fruAreaSize, to: &$0)
        }
      }
    }
    if !events.isEmpty {
      yaml.blank()
      yaml.comment("System event log, oldest first; times in UTC.")
      yaml.section("log") { for event in events { EventYAML.write(event, to: &$0) } }
    }
    return yaml.text
  }
}

extension YAMLValue {
  /// Whether it is an entry of bytes.
  fileprivate var isBytes: Bool { node.mapping?.keys.contains { $0.string == "bytes" } == true }
}

extension ControllerContent.Record {
  /// Whether the controller takes a sensor from it.
  var isOwnSensor: Bool { SensorDescription(record: FixedBytes<255>(bytes)) != nil }
}

extension ControllerContent.Identity {
  init(_ value: YAMLValue) throws(ContentError) {
    let keys = try value.mapping([
      "device-id", "device-revision", "firmware", "auxiliary", "manufacturer", "product", "guid",
      "device-sdrs",
    ])
    self.init()
    if let place = keys["device-id"] { deviceID = try place.integer(in: 0...0xFF) }
    if let place = keys["device-revision"] { deviceRevision = try place.integer(in: 0...15) }
    if let place = keys["firmware"] { (firmwareMajor, firmwareMinor) = try Self.firmware(place) }
    if let place = keys["auxiliary"] { auxiliaryRevision = try place.integer(in: 0...UInt32.max) }
    if let place = keys["manufacturer"] { manufacturer = try place.integer(in: 0...0xF_FFFF) }
    if let place = keys["product"] { product = try place.integer(in: 0...0xFFFF) }
    if let place = keys["guid"] {
      guard let uuid = UUID(uuidString: try place.text()) else {
        throw place.error(
          "'\(try place.text())' is not a GUID; expected 32 hexadecimal digits in groups, as "
            + "01234567-89ab-cdef-0123-456789abcdef")
      }
      guid = uuid.bytes
    }
    if let place = keys["device-sdrs"] { providesDeviceSDRs = try place.boolean() }
  }

  /// Major revision, a point, and two decimal digits of the minor one.
  private static func firmware(_ value: YAMLValue) throws(ContentError) -> (UInt8, UInt8) {
    let parts = try value.text().split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let major = UInt8(parts[0]), major < 0x80, parts[1].count == 2,
      parts[1].allSatisfy(\.isWholeNumber), let minor = UInt8(parts[1], radix: 16)
    else {
      throw value.error(
        "'\(try value.text())' is not a firmware revision; expected 0 to 127, a point and two "
          + "digits, as 1.05")
    }
    return (major, minor)
  }

  /// The GUID in groups of hexadecimal digits.
  public var guidText: String { UUID(bytes: guid).uuidString.lowercased() }

  func write(to yaml: inout YAMLText) {
    yaml.pair("device-id", hexadecimal(deviceID))
    yaml.pair("device-revision", String(deviceRevision))
    let minor = hexadecimal(firmwareMinor).dropFirst(2)
    yaml.pair("firmware", YAMLText.quoted("\(firmwareMajor).\(minor)"))
    yaml.pair("auxiliary", auxiliaryRevision == 0 ? nil : hexadecimal(auxiliaryRevision, digits: 8))
    yaml.pair("manufacturer", String(manufacturer))
    yaml.pair("product", hexadecimal(product, digits: 4))
    yaml.pair("guid", guid.allSatisfy { $0 == 0 } ? nil : guidText)
    yaml.pair("device-sdrs", providesDeviceSDRs ? "true" : nil)
  }
}

extension UUID {
  fileprivate var bytes: [UInt8] {
    let uuid = uuid
    return [
      uuid.0, uuid.1, uuid.2, uuid.3, uuid.4, uuid.5, uuid.6, uuid.7, uuid.8, uuid.9, uuid.10,
      uuid.11, uuid.12, uuid.13, uuid.14, uuid.15,
    ]
  }

  fileprivate init(bytes b: [UInt8]) {
    self.init(
      uuid: (
        b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
        b[14], b[15]
      ))
  }
}
