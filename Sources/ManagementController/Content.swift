import IPMI

/// What a controller is given before it answers: records, inventories, events.
extension ManagementController {
  /// The most bytes of all SDRs.
  public static var sdrCapacity: Int { SensorDataRepository.capacity }
  /// The most bytes of one SDR.
  public static var longestSDR: Int { SensorDataRepository.longestRecord }
  /// The most bytes of all FRU inventories.
  public static var fruCapacity: Int { FRUInventory.capacity }
  /// The most FRU devices.
  public static var fruDeviceLimit: Int { FRUInventory.deviceLimit }

  /// Adds an SDR, and the sensors that it describes where they are this controller's.
  ///
  /// - Returns: `false`, and no record, where its length is not the header's or it does not fit.
  ///   A sensor whose number is taken, or for which there is no room, is only in the record.
  @discardableResult
  public mutating func add(_ record: FixedBytes<255>) -> Bool {
    guard record.count >= SensorDataRepository.headerSize,
      record.count == SensorDataRepository.headerSize + Int(record[4]),
      record.count <= SensorDataRepository.longestRecord,
      sdr.append(record, at: clock.seconds(at: now)) != nil
    else { return false }
    for index in 2..<record.count { digest.add(record[index]) }
    if var sensor = SensorDescription(record: record) {
      for _ in 0..<SensorDescription.sharing(record) {
        sensors.append(sensor)
        sensor.number &+= 1
      }
      showPower(quietly: true)
    }
    return true
  }

  /// Adds a record of what the controller has already.
  mutating func add(_ record: SensorDataRecord) {
    var bytes: FixedBytes<255> = FixedBytes()
    bytes.append(contentsOf: record.bytes)
    add(bytes)
  }

  /// Adds a FRU device of `size` bytes that begin with `data`; the first one is device 0.
  ///
  /// - Returns: `false`, and no device, where the data are more than that, or the size does not fit.
  @discardableResult
  public mutating func addFRU<let count: Int>(_ data: FixedBytes<count>, size: Int) -> Bool {
    guard data.count <= size, let device = fru.addDevice(size: size),
      let range = fru.range(of: device)
    else { return false }
    for index in 0..<data.count {
      fru[range.lowerBound + index] = data[index]
      digest.add(data[index])
    }
    digest.add(UInt8(truncatingIfNeeded: size))
    digest.add(UInt8(truncatingIfNeeded: size >> 8))
    return true
  }

  /// What a threshold sensor reads before anyone looks: no event.
  public mutating func show(sensor number: UInt8, reading raw: UInt8) {
    guard let index = sensors.index(of: number) else { return }
    _ = sensors[index].update(raw)
  }

  /// The states of a discrete sensor before anyone looks: no event.
  public mutating func show(sensor number: UInt8, states: UInt16) {
    guard let index = sensors.index(of: number) else { return }
    _ = sensors[index].set(states: states)
  }

  /// Adds a record to the SEL, as it was logged before; `false` where the log is full.
  @discardableResult
  public mutating func add(event record: EventRecord) -> Bool {
    sel.load(record, at: clock.seconds(at: now)) != nil
  }

  /// Sets the SEL clock forward, by the time that passed while the controller was not there.
  public mutating func passTime(seconds: UInt64) {
    clock.set(clock.seconds(at: now) &+ UInt32(truncatingIfNeeded: seconds), at: now)
  }

  /// Power restore policy: 0 stay off, 1 as before, 2 switch on. Section 28.8.
  public var restorePolicy: UInt8 {
    get { chassis.restorePolicy }
    set { chassis.restorePolicy = min(newValue, 2) }
  }
}

extension ManagementController: Restorable {
  /// What is to outlive the controller's own loss of power: SEL, SDRs, FRU inventories, SEL clock,
  /// event filters, restore policy, boot options and hours with power.
  ///
  /// SDRs and FRU inventories come back only to a controller that was given the same ones at its
  /// start: where a board's content was changed, the new content counts. Sensors, watchdog and
  /// messages start anew; what a record says of a sensor counts only as it is added.
  public mutating func transfer(through stream: inout some StateStream) {
    advance(to: stream.now)
    clock.transfer(through: &stream)
    sel.transfer(through: &stream)
    var saved = digest
    stream.transfer(&saved)
    if saved == digest {
      sdr.transfer(through: &stream)
      fru.transfer(through: &stream)
    } else {
      var otherSDR = SensorDataRepository(builtAt: 0)
      otherSDR.transfer(through: &stream)
      var otherFRU = FRUInventory()
      otherFRU.transfer(through: &stream)
    }
    filtering.transfer(through: &stream)
    chassis.transfer(through: &stream)
    showLogLevel(quietly: true)
  }
}

/// What tells content apart: FNV-1a over its bytes, 32 bits.
struct ContentDigest: RawRepresentable, Equatable, Sendable {
  var rawValue: UInt32 = 0x811C_9DC5

  mutating func add(_ byte: UInt8) {
    rawValue = (rawValue ^ UInt32(byte)) &* 0x0100_0193
  }
}
