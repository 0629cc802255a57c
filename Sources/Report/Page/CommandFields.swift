import IPMI

/// The names of a command's data bytes, in order; what comes behind the last name has none.
struct CommandFields {
  /// So many bytes, and what they are.
  typealias Field = (count: Int, name: String)

  var request: [Field] = []
  /// Behind the completion code.
  var response: [Field] = []

  /// The fields of the commands that a host's driver and tools send most. The sections of IPMI v2.0
  /// stand at each.
  init(_ command: Command) {
    switch command {
    case .getDeviceID:  // 20.1
      response = [
        (1, "device ID"), (1, "device revision, provides SDRs"),
        (1, "firmware revision, available"), (1, "firmware revision, minor, BCD"),
        (1, "IPMI version, BCD"), (1, "device support"),
        (3, "manufacturer ID"), (2, "product ID"), (4, "auxiliary firmware revision"),
      ]
    case .getSelfTestResults:  // 20.4
      response = [(1, "result: 55h no error"), (1, "details")]
    case .getDeviceGUID, .getSystemGUID:  // 20.8, 22.14
      response = [(16, "GUID")]
    case .getBMCGlobalEnables:  // 22.2
      response = [(1, "global enables")]
    case .setBMCGlobalEnables:  // 22.1
      request = [(1, "global enables")]
    case .clearMessageFlags:  // 22.3
      request = [(1, "flags to clear")]
    case .getMessageFlags:  // 22.4
      response = [(1, "message flags")]
    case .getChannelInfo:  // 22.24
      request = [(1, "channel")]
      response = [
        (1, "channel"), (1, "medium"), (1, "protocol"), (1, "sessions"), (3, "vendor"),
        (2, "auxiliary"),
      ]
    case .getBTInterfaceCapabilities:  // 22.10
      response = [
        (1, "requests at once"), (1, "input buffer size"), (1, "output buffer size"),
        (1, "seconds to respond"), (1, "retries"),
      ]
    case .getSystemInterfaceCapabilities:  // 22.9
      request = [(1, "interface")]
      response = [(1, "reserved"), (1, "transactions, PEC"), (1, "input size"), (1, "output size")]
    case .setWatchdogTimer:  // 27.6
      request = [
        (1, "timer use"), (1, "actions"), (1, "pre-time-out interval"), (1, "expiration flags"),
        (2, "countdown, 100 ms"),
      ]
    case .getWatchdogTimer:  // 27.7
      response = [
        (1, "timer use"), (1, "actions"), (1, "pre-time-out interval"), (1, "expiration flags"),
        (2, "initial countdown"), (2, "present countdown"),
      ]
    case .getChassisStatus:  // 28.2
      response = [
        (1, "power state"), (1, "last power event"), (1, "chassis state"),
        (1, "front panel buttons"),
      ]
    case .chassisControl:  // 28.3
      request = [(1, "control")]
    case .getSensorReading:  // 35.14
      request = [(1, "sensor")]
      response = [(1, "reading"), (1, "scanning, availability"), (2, "states")]
    case .getSensorThresholds:  // 35.9
      request = [(1, "sensor")]
      response = [
        (1, "readable"), (1, "lower non-critical"), (1, "lower critical"),
        (1, "lower non-recoverable"), (1, "upper non-critical"), (1, "upper critical"),
        (1, "upper non-recoverable"),
      ]
    case .getFRUInventoryAreaInfo:  // 34.1
      request = [(1, "FRU device")]
      response = [(2, "size"), (1, "access by bytes or words")]
    case .readFRUData:  // 34.2
      request = [(1, "FRU device"), (2, "offset"), (1, "count")]
      response = [(1, "count"), (255, "data")]
    case .writeFRUData:  // 34.3
      request = [(1, "FRU device"), (2, "offset"), (255, "data")]
      response = [(1, "count written")]
    case .getSDRRepositoryInfo:  // 33.9
      response = [
        (1, "SDR version"), (2, "records"), (2, "free space"), (4, "last addition"),
        (4, "last erase"), (1, "operations"),
      ]
    case .getSDRRepositoryAllocationInfo, .getSELAllocationInfo:  // 33.10, 31.3
      response = [
        (2, "units"), (2, "unit size"), (2, "free units"), (2, "largest free block"),
        (1, "largest record, units"),
      ]
    case .reserveSDRRepository, .reserveSEL, .reserveDeviceSDRRepository:  // 33.11, 31.4, 35.4
      response = [(2, "reservation")]
    case .getSDR, .getDeviceSDR:  // 33.12, 35.3
      request = [(2, "reservation"), (2, "record ID"), (1, "offset"), (1, "count")]
      response = [(2, "next record ID"), (255, "record data")]
    case .getSELInfo:  // 31.2
      response = [
        (1, "SEL version"), (2, "entries"), (2, "free space"), (4, "last addition"),
        (4, "last erase"), (1, "operations"),
      ]
    case .getSELEntry:  // 31.5
      request = [(2, "reservation"), (2, "record ID"), (1, "offset"), (1, "count")]
      response = [(2, "next record ID"), (255, "record data")]
    case .addSELEntry:  // 31.6
      request = [
        (2, "record ID"), (1, "record type"), (4, "time"), (2, "generator"), (1, "format"),
        (1, "sensor type"), (1, "sensor"), (1, "event type"), (3, "event data"),
      ]
      response = [(2, "record ID")]
    case .deleteSELEntry:  // 31.8
      request = [(2, "reservation"), (2, "record ID")]
      response = [(2, "record ID")]
    case .clearSEL:  // 31.9
      request = [(2, "reservation"), (3, "\"CLR\""), (1, "AAh clear, 00h progress")]
      response = [(1, "progress")]
    case .getSELTime, .getSDRRepositoryTime:  // 31.10, 33.17
      response = [(4, "time, s since 1970")]
    case .setSELTime, .setSDRRepositoryTime:  // 31.11, 33.18
      request = [(4, "time, s since 1970")]
    default: break
    }
  }
}

extension NetFn {
  /// Its name. IPMI v2.0, table 5-1.
  var name: String {
    switch request {
    case .chassis: "Chassis"
    case .bridge: "Bridge"
    case .sensorEvent: "Sensor/Event"
    case .app: "App"
    case .firmware: "Firmware"
    case .storage: "Storage"
    case .transport: "Transport"
    case .groupExtension: "Group extension"
    case .oemGroup: "OEM or group"
    case _ where rawValue >= 0x30: "OEM"
    default: "reserved"
    }
  }
}
