/// A command: its code together with the request NetFn that gives the code its meaning.
///
/// IPMI v2.0, appendix G lists them all; the constants here are the ones this project answers,
/// sends or names in a trace.
public struct Command: Hashable, Sendable {
  /// The even NetFn of the request.
  public let netFn: NetFn
  /// The command code within ``netFn``.
  public let code: UInt8

  public init(_ netFn: NetFn, _ code: UInt8) {
    self.netFn = netFn.request
    self.code = code
  }

  // MARK: Chassis

  public static let getChassisCapabilities = Command(.chassis, 0x00)
  public static let getChassisStatus = Command(.chassis, 0x01)
  public static let chassisControl = Command(.chassis, 0x02)
  public static let chassisIdentify = Command(.chassis, 0x04)
  public static let setPowerRestorePolicy = Command(.chassis, 0x06)
  public static let getSystemRestartCause = Command(.chassis, 0x07)
  public static let setSystemBootOptions = Command(.chassis, 0x08)
  public static let getSystemBootOptions = Command(.chassis, 0x09)
  public static let getPOHCounter = Command(.chassis, 0x0F)

  // MARK: Sensor/Event

  public static let setEventReceiver = Command(.sensorEvent, 0x00)
  public static let getEventReceiver = Command(.sensorEvent, 0x01)
  public static let platformEvent = Command(.sensorEvent, 0x02)
  public static let getPEFCapabilities = Command(.sensorEvent, 0x10)
  public static let setPEFConfigurationParameters = Command(.sensorEvent, 0x12)
  public static let getPEFConfigurationParameters = Command(.sensorEvent, 0x13)
  public static let setLastProcessedEventID = Command(.sensorEvent, 0x14)
  public static let getLastProcessedEventID = Command(.sensorEvent, 0x15)
  public static let getDeviceSDRInfo = Command(.sensorEvent, 0x20)
  public static let getDeviceSDR = Command(.sensorEvent, 0x21)
  public static let reserveDeviceSDRRepository = Command(.sensorEvent, 0x22)
  public static let getSensorReadingFactors = Command(.sensorEvent, 0x23)
  public static let setSensorHysteresis = Command(.sensorEvent, 0x24)
  public static let getSensorHysteresis = Command(.sensorEvent, 0x25)
  public static let setSensorThresholds = Command(.sensorEvent, 0x26)
  public static let getSensorThresholds = Command(.sensorEvent, 0x27)
  public static let setSensorEventEnable = Command(.sensorEvent, 0x28)
  public static let getSensorEventEnable = Command(.sensorEvent, 0x29)
  public static let rearmSensorEvents = Command(.sensorEvent, 0x2A)
  public static let getSensorEventStatus = Command(.sensorEvent, 0x2B)
  public static let getSensorReading = Command(.sensorEvent, 0x2D)
  public static let setSensorType = Command(.sensorEvent, 0x2E)
  public static let getSensorType = Command(.sensorEvent, 0x2F)
  public static let setSensorReadingAndEventStatus = Command(.sensorEvent, 0x30)

  // MARK: App

  public static let getDeviceID = Command(.app, 0x01)
  public static let coldReset = Command(.app, 0x02)
  public static let warmReset = Command(.app, 0x03)
  public static let getSelfTestResults = Command(.app, 0x04)
  public static let setACPIPowerState = Command(.app, 0x06)
  public static let getACPIPowerState = Command(.app, 0x07)
  public static let getDeviceGUID = Command(.app, 0x08)
  public static let resetWatchdogTimer = Command(.app, 0x22)
  public static let setWatchdogTimer = Command(.app, 0x24)
  public static let getWatchdogTimer = Command(.app, 0x25)
  public static let setBMCGlobalEnables = Command(.app, 0x2E)
  public static let getBMCGlobalEnables = Command(.app, 0x2F)
  public static let clearMessageFlags = Command(.app, 0x30)
  public static let getMessageFlags = Command(.app, 0x31)
  public static let enableMessageChannelReceive = Command(.app, 0x32)
  public static let getMessage = Command(.app, 0x33)
  public static let sendMessage = Command(.app, 0x34)
  public static let readEventMessageBuffer = Command(.app, 0x35)
  public static let getBTInterfaceCapabilities = Command(.app, 0x36)
  public static let getSystemGUID = Command(.app, 0x37)
  public static let getChannelAuthenticationCapabilities = Command(.app, 0x38)
  public static let setChannelAccess = Command(.app, 0x40)
  public static let getChannelAccess = Command(.app, 0x41)
  public static let getChannelInfo = Command(.app, 0x42)
  public static let getUserAccess = Command(.app, 0x44)
  public static let getSystemInterfaceCapabilities = Command(.app, 0x57)

  // MARK: Storage

  public static let getFRUInventoryAreaInfo = Command(.storage, 0x10)
  public static let readFRUData = Command(.storage, 0x11)
  public static let writeFRUData = Command(.storage, 0x12)
  public static let getSDRRepositoryInfo = Command(.storage, 0x20)
  public static let getSDRRepositoryAllocationInfo = Command(.storage, 0x21)
  public static let reserveSDRRepository = Command(.storage, 0x22)
  public static let getSDR = Command(.storage, 0x23)
  public static let addSDR = Command(.storage, 0x24)
  public static let partialAddSDR = Command(.storage, 0x25)
  public static let deleteSDR = Command(.storage, 0x26)
  public static let clearSDRRepository = Command(.storage, 0x27)
  public static let getSDRRepositoryTime = Command(.storage, 0x28)
  public static let setSDRRepositoryTime = Command(.storage, 0x29)
  public static let enterSDRRepositoryUpdateMode = Command(.storage, 0x2A)
  public static let exitSDRRepositoryUpdateMode = Command(.storage, 0x2B)
  public static let runInitializationAgent = Command(.storage, 0x2C)
  public static let getSELInfo = Command(.storage, 0x40)
  public static let getSELAllocationInfo = Command(.storage, 0x41)
  public static let reserveSEL = Command(.storage, 0x42)
  public static let getSELEntry = Command(.storage, 0x43)
  public static let addSELEntry = Command(.storage, 0x44)
  public static let partialAddSELEntry = Command(.storage, 0x45)
  public static let deleteSELEntry = Command(.storage, 0x46)
  public static let clearSEL = Command(.storage, 0x47)
  public static let getSELTime = Command(.storage, 0x48)
  public static let setSELTime = Command(.storage, 0x49)
  public static let getSELTimeUTCOffset = Command(.storage, 0x5C)
  public static let setSELTimeUTCOffset = Command(.storage, 0x5D)

  // MARK: Transport

  public static let getLANConfigurationParameters = Command(.transport, 0x02)
}
