import IPMI

extension Command {
  /// How many data bytes a request may carry; `nil` for a command that is not supported.
  ///
  /// Left out on purpose, hence C1h: users, sessions, payloads and LAN parameters (there is no
  /// channel with sessions), alerts (there is nobody to reach), and the PEF postpone timer.
  var requestLength: ClosedRange<Int>? {
    switch netFn {
    case .app: appRequestLength
    case .chassis: chassisRequestLength
    case .sensorEvent: sensorEventRequestLength
    case .storage: storageRequestLength
    default: nil
    }
  }

  private var appRequestLength: ClosedRange<Int>? {
    switch self {
    case .getDeviceID, .coldReset, .warmReset, .getSelfTestResults, .getACPIPowerState,
      .getDeviceGUID, .resetWatchdogTimer, .getWatchdogTimer, .getBMCGlobalEnables,
      .getMessageFlags, .getMessage, .readEventMessageBuffer, .getBTInterfaceCapabilities,
      .getSystemGUID:
      0...0
    case .setBMCGlobalEnables, .clearMessageFlags, .getChannelInfo,
      .getSystemInterfaceCapabilities:
      1...1
    case .setACPIPowerState, .enableMessageChannelReceive, .getChannelAccess: 2...2
    case .setChannelAccess: 3...3
    case .setWatchdogTimer: 6...6
    case .sendMessage: 1...Message.capacity
    default: nil
    }
  }

  private var chassisRequestLength: ClosedRange<Int>? {
    switch self {
    case .getChassisCapabilities, .getChassisStatus, .getSystemRestartCause, .getPOHCounter: 0...0
    case .chassisControl, .setPowerRestorePolicy: 1...1
    case .chassisIdentify: 0...2
    case .setSystemBootOptions: 1...Message.capacity
    case .getSystemBootOptions: 3...3
    default: nil
    }
  }

  private var sensorEventRequestLength: ClosedRange<Int>? {
    switch self {
    case .getEventReceiver, .reserveDeviceSDRRepository, .getPEFCapabilities,
      .getLastProcessedEventID:
      0...0
    case .getDeviceSDRInfo: 0...1
    case .getSensorThresholds, .getSensorEventEnable, .getSensorEventStatus, .getSensorReading,
      .getSensorType:
      1...1
    case .getSensorHysteresis: 1...2
    case .setEventReceiver, .getSensorReadingFactors: 2...2
    case .setSensorType, .getPEFConfigurationParameters, .setLastProcessedEventID: 3...3
    case .setPEFConfigurationParameters: 2...22
    case .setSensorReadingAndEventStatus: 3...10
    case .setSensorEventEnable, .rearmSensorEvents: 2...6
    case .setSensorHysteresis: 4...4
    case .getDeviceSDR: 6...6
    case .platformEvent: 6...8
    case .setSensorThresholds: 8...8
    default: nil
    }
  }

  private var storageRequestLength: ClosedRange<Int>? {
    switch self {
    case .getSDRRepositoryInfo, .getSDRRepositoryAllocationInfo, .reserveSDRRepository,
      .getSDRRepositoryTime, .enterSDRRepositoryUpdateMode, .exitSDRRepositoryUpdateMode,
      .getSELInfo, .getSELAllocationInfo, .reserveSEL, .getSELTime,
      .getSELTimeUTCOffset:
      0...0
    case .getFRUInventoryAreaInfo, .runInitializationAgent: 1...1
    case .setSELTimeUTCOffset: 2...2
    case .writeFRUData: 3...Message.capacity
    case .readFRUData, .deleteSDR, .setSDRRepositoryTime, .deleteSELEntry, .setSELTime: 4...4
    case .addSDR: SensorDataRepository.headerSize...Message.capacity
    case .partialAddSDR, .partialAddSELEntry: 6...Message.capacity
    case .getSDR, .clearSDRRepository, .getSELEntry, .clearSEL: 6...6
    case .addSELEntry: 16...16
    default: nil
    }
  }

  /// Whether it is of the commands that only a controller with device SDRs has.
  var needsDeviceSDRs: Bool {
    switch self {
    case .getDeviceSDRInfo, .getDeviceSDR, .reserveDeviceSDRRepository: true
    default: false
    }
  }
}
