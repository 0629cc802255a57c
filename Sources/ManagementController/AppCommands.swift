import IPMI

/// What system software has set about messages and power.
struct Messaging: Sendable {
  /// BMC global enables, section 22.1; at start only event logging.
  var globalEnables: GlobalEnables = .systemEventLogging
  /// A watchdog pre-timeout waits for Clear Message Flags.
  var preTimeoutOccurred = false
  /// Whether answers from channel 0 go to the receive message queue, section 22.5.
  var receivesFromPrimaryIPMB = true
  /// Slave address that events go to, section 29.1; FFh for none.
  var eventReceiver: UInt8 = 0x20
  /// LUN that events go to.
  var eventReceiverLUN: UInt8 = 0
  /// ACPI system power state, section 20.6; S0/G0 at start.
  var acpiSystemState: UInt8 = 0x00
  /// ACPI device power state, section 20.6; D0 at start.
  var acpiDeviceState: UInt8 = 0x00
}

/// BMC global enables. IPMI v2.0, section 22.1.
struct GlobalEnables: OptionSet, Sendable {
  var rawValue: UInt8

  /// Interrupt for the receive message queue.
  static let receiveQueueInterrupt = GlobalEnables(rawValue: 1 << 0)
  /// Interrupt for the event message buffer.
  static let eventBufferInterrupt = GlobalEnables(rawValue: 1 << 1)
  /// Event message buffer.
  static let eventMessageBuffer = GlobalEnables(rawValue: 1 << 2)
  /// System event logging.
  static let systemEventLogging = GlobalEnables(rawValue: 1 << 3)
  /// All that may be set; the OEM bits do nothing here.
  static let supported = GlobalEnables(rawValue: 0x0F)
}

extension ManagementController {
  /// App commands, NetFn 06h. IPMI v2.0, sections 20, 22, 24 and 27.
  mutating func app(_ request: Message, into response: inout Message) -> CompletionCode {
    switch request.command {
    case .getDeviceID: return getDeviceID(into: &response)
    case .coldReset:
      actions.append(.coldReset)
      return .success
    case .warmReset:
      actions.append(.warmReset)
      return .success
    case .getSelfTestResults:
      response.append(0x55)
      response.append(0x00)
      return .success
    case .setACPIPowerState: return setACPIPowerState(request)
    case .getACPIPowerState:
      response.append(messaging.acpiSystemState)
      response.append(messaging.acpiDeviceState)
      return .success
    case .getDeviceGUID, .getSystemGUID:
      response.append(contentsOf: identity.guid)
      return .success
    case .resetWatchdogTimer: return resetWatchdogTimer()
    case .setWatchdogTimer: return setWatchdogTimer(request)
    case .getWatchdogTimer: return getWatchdogTimer(into: &response)
    case .setBMCGlobalEnables: return setGlobalEnables(request)
    case .getBMCGlobalEnables:
      response.append(messaging.globalEnables.rawValue)
      return .success
    case .clearMessageFlags: return clearMessageFlags(request)
    case .getMessageFlags:
      response.append(messageFlags)
      return .success
    case .enableMessageChannelReceive:
      return enableMessageChannelReceive(request, into: &response)
    case .getMessage: return getMessage(into: &response)
    case .sendMessage: return sendMessage(request)
    case .readEventMessageBuffer: return readEventMessageBuffer(into: &response)
    case .getBTInterfaceCapabilities: return getBTInterfaceCapabilities(into: &response)
    case .setChannelAccess, .getChannelAccess: return channelAccess(request)
    case .getChannelInfo: return getChannelInfo(request, into: &response)
    case .getSystemInterfaceCapabilities:
      return getSystemInterfaceCapabilities(request, into: &response)
    default: return .invalidCommand
    }
  }

  /// Additional device support: chassis, FRU inventory, SEL, SDR repository, sensors.
  static let deviceSupport: UInt8 = 0b1000_1111

  /// Get Device ID, section 20.1.
  private mutating func getDeviceID(into response: inout Message) -> CompletionCode {
    response.append(identity.deviceID)
    response.append((identity.providesDeviceSDRs ? 0x80 : 0) | identity.deviceRevision & 0x0F)
    response.append(identity.firmwareMajor & 0x7F)
    response.append(identity.firmwareMinor)
    response.append(0x02)
    response.append(Self.deviceSupport)
    response.append(UInt8(truncatingIfNeeded: identity.manufacturer))
    response.append(UInt8(truncatingIfNeeded: identity.manufacturer >> 8))
    response.append(UInt8(truncatingIfNeeded: identity.manufacturer >> 16) & 0x0F)
    response.append(littleEndian: identity.product)
    response.append(littleEndian: identity.auxiliaryRevision.byteSwapped)
    return .success
  }

  /// Set ACPI Power State, section 20.6: one byte each for system and device, bit 7 to set it.
  private mutating func setACPIPowerState(_ request: Message) -> CompletionCode {
    let system = request.byte(0)
    let device = request.byte(1)
    if system & 0x80 != 0 {
      switch system & 0x7F {
      case 0x00...0x0A, 0x20, 0x21, 0x2A, 0x7F: break
      default: return .invalidDataField
      }
    }
    if device & 0x80 != 0 {
      switch device & 0x7F {
      case 0x00...0x03, 0x2A, 0x7F: break
      default: return .invalidDataField
      }
    }
    // 7Fh sets nothing: no change.
    if system & 0x80 != 0, system != 0xFF { messaging.acpiSystemState = system & 0x7F }
    if device & 0x80 != 0, device != 0xFF { messaging.acpiDeviceState = device & 0x7F }
    return .success
  }

  /// Get BT Interface Capabilities, section 22.10.
  private mutating func getBTInterfaceCapabilities(into response: inout Message) -> CompletionCode {
    response.append(1)  // outstanding requests
    response.append(0xFF)  // input buffer
    response.append(0xFF)  // output buffer
    response.append(5)  // seconds to respond
    response.append(0)  // retries
    return .success
  }

  /// Get System Interface Capabilities, section 22.9: KCS only.
  private mutating func getSystemInterfaceCapabilities(
    _ request: Message, into response: inout Message
  ) -> CompletionCode {
    guard request.byte(0) & 0x0F == 0x01 else { return .invalidDataField }
    response.append(0)
    response.append(0)
    response.append(0xFF)
    return .success
  }
}
