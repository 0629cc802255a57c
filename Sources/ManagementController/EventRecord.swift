import IPMI

/// One SEL record: 16 bytes. IPMI v2.0, section 32.
///
/// | Byte  | Event record (type 02h) |
/// |------:|-------------------------|
/// |  0–1  | Record ID               |
/// |    2  | Record type             |
/// |  3–6  | Timestamp, seconds      |
/// |  7–8  | Generator ID            |
/// |    9  | Event message revision  |
/// |   10  | Sensor type             |
/// |   11  | Sensor number           |
/// |   12  | Direction, event type   |
/// | 13–15 | Event data              |
public struct EventRecord: Equatable, Sendable {
  /// The number of bytes of every record.
  public static let size = 16
  /// The 16 bytes.
  public private(set) var bytes: FixedBytes<16>

  /// A record of zeros: the filler of an empty log.
  init() {
    bytes = FixedBytes()
    for _ in 0..<Self.size {
      bytes.append(0)
    }
  }

  /// The record whose 16 bytes a request carries from data byte `offset` on.
  init(_ request: Message, at offset: Int) {
    bytes = FixedBytes()
    for index in 0..<Self.size {
      bytes.append(request.byte(offset + index))
    }
  }

  /// The record in the first 16 bytes of `source`; zeros where it holds fewer.
  public init<let size: Int>(_ source: FixedBytes<size>) {
    bytes = FixedBytes()
    for index in 0..<Self.size {
      bytes.append(source.byte(at: index) ?? 0)
    }
  }

  /// A system event record, type 02h, not yet numbered or stamped.
  init(
    generator: UInt16, sensorType: UInt8, sensor: UInt8, eventType: UInt8, asserted: Bool,
    data: (UInt8, UInt8, UInt8)
  ) {
    bytes = FixedBytes()
    bytes.append(littleEndian: 0xFFFF as UInt16)
    bytes.append(0x02)
    bytes.append(littleEndian: 0 as UInt32)
    bytes.append(littleEndian: generator)
    bytes.append(0x04)
    bytes.append(sensorType)
    bytes.append(sensor)
    bytes.append((asserted ? 0 : 0x80) | eventType & 0x7F)
    bytes.append(data.0)
    bytes.append(data.1)
    bytes.append(data.2)
  }

  /// Whether the event is about the log itself: cleared, almost full, full.
  var isAboutLog: Bool { bytes[10] == SensorType.eventLoggingDisabled.rawValue }

  /// Record ID, `1...FFFEh` once in the log.
  public internal(set) var id: UInt16 {
    get { UInt16(bytes[0]) | UInt16(bytes[1]) << 8 }
    set {
      bytes[0] = UInt8(truncatingIfNeeded: newValue)
      bytes[1] = UInt8(truncatingIfNeeded: newValue >> 8)
    }
  }

  /// Record type: 02h system event, C0h–DFh OEM with a timestamp, E0h–FFh OEM without.
  public var type: UInt8 { bytes[2] }

  /// Whether the specification defines this record type.
  var hasKnownType: Bool { type == 0x02 || type >= 0xC0 }

  /// Writes the timestamp, where the record type has one.
  mutating func stamp(_ seconds: UInt32) {
    guard type < 0xE0 else { return }
    for index in 0..<4 {
      bytes[3 + index] = UInt8(truncatingIfNeeded: seconds >> UInt32(8 * index))
    }
  }
}

extension EventRecord: Restorable {
  public mutating func transfer(through stream: inout some StateStream) {
    for index in 0..<Self.size { stream.transfer(&bytes[index]) }
  }
}

extension Message {
  /// The data byte at `index`, zero where the requester sent fewer.
  func byte(_ index: Int) -> UInt8 { data(index) ?? 0 }
  /// The little-endian 16-bit field at `index`.
  func word(_ index: Int) -> UInt16 { UInt16(byte(index)) | UInt16(byte(index + 1)) << 8 }
  /// The little-endian 32-bit field at `index`.
  func longWord(_ index: Int) -> UInt32 {
    UInt32(word(index)) | UInt32(word(index + 2)) << 16
  }

  /// Adds the part of `bytes` that a partial read asks for, cut where `bytes` ends.
  mutating func append<let size: Int>(_ bytes: FixedBytes<size>, from offset: Int, count: Int) {
    let end = Swift.min(bytes.count, offset + count)
    guard offset < end else { return }
    append(contentsOf: bytes, in: offset..<end)
  }
}
