import IPMI
import ManagementController

/// What a controller has before anyone talks to it: identity, SDRs, FRU inventories, events.
///
/// The bytes are what counts: a description in YAML is made into them, and shown from them.
public struct ControllerContent: Equatable, Sendable {
  /// What Get Device ID and Get Device GUID answer.
  public var identity = Identity()
  /// What the host's power does after the BMC had none.
  public var restorePolicy = RestorePolicy.off
  /// The SDR repository, in order.
  public var records: [Record] = []
  /// The bytes of every FRU device's inventory, as QEMU's `fruareasize`.
  public var fruAreaSize = 1024
  /// The inventory of each FRU device, 0 first; shorter than ``fruAreaSize`` where zeros follow.
  public var inventories: [[UInt8]] = []
  /// The SEL, oldest first: 16 bytes each, whose ID is the controller's to choose.
  public var events: [[UInt8]] = []

  /// Nothing but the default identity.
  public init() {}

  /// What Get Device ID and Get Device GUID answer. IPMI v2.0, section 20.1.
  public struct Identity: Equatable, Sendable {
    /// Device ID; the manufacturer's choice.
    public var deviceID: UInt8 = 0x20
    /// Device revision, 4 bits.
    public var deviceRevision: UInt8 = 0
    /// Major firmware revision, 7 bits.
    public var firmwareMajor: UInt8 = 0
    /// Minor firmware revision, BCD.
    public var firmwareMinor: UInt8 = 0
    /// Auxiliary firmware revision.
    public var auxiliaryRevision: UInt32 = 0
    /// Manufacturer ID, 20 bits.
    public var manufacturer: UInt32 = 0
    /// Product ID.
    public var product: UInt16 = 0
    /// GUID, 16 bytes in the order in which it is written.
    public var guid = [UInt8](repeating: 0, count: 16)
    /// Whether the controller answers the device SDR commands.
    public var providesDeviceSDRs = false
  }

  /// What the host's power does after the BMC had none. IPMI v2.0, section 28.8.
  public enum RestorePolicy: UInt8, CaseIterable, Sendable {
    case off = 0
    case previous = 1
    case on = 2
  }

  /// An SDR, and what the sensor that it describes shows at first.
  public struct Record: Equatable, Sendable {
    /// The record, whose ID is zero here: the repository numbers it.
    public var bytes: [UInt8]
    /// Raw reading of a threshold sensor.
    public var reading: UInt8?
    /// States of a discrete sensor.
    public var asserted: UInt16 = 0

    public init(bytes: [UInt8]) {
      self.bytes = bytes
    }
  }
}
