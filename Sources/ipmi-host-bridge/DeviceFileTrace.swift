import CharacterDevice
import EmulatedPair
import IPMI
import Synchronization
import Tracing
import Transport

/// What hosts and programs say to each other by devices' files, in trace files.
///
/// A request is there when the program reads it, its response when the program writes it.
final class DeviceFileTrace: Sendable {
  private let log: TraceLog
  /// The devices by their channels' numbers, and how many requests were read of each.
  private let names: [String]
  private let counts: Mutex<[UInt8]>

  /// Begins the files; nil where none is wanted.
  init?(_ files: TraceOptions, _ devices: [EmulatedDevice]) throws {
    guard let log = try files.begin(devices.map { TraceChannel(device: $0.name) }) else {
      return nil
    }
    self.log = log
    names = devices.map(\.name)
    counts = Mutex(devices.map { _ in 0 })
  }

  func note(_ device: EmulatedDevice, _ event: DeviceEvent) {
    guard let channel = names.firstIndex(of: device.name) else { return }
    switch event {
    case .opened(nil): log.record(channel: channel, .connected(.bmc))
    case .released: log.record(channel: channel, .disconnected(.bmc))
    case .read(let bytes):
      guard let message = Self.message(in: bytes, device) else { return }
      let count = counts.withLock { counts in
        counts[channel] &+= 1
        return counts[channel]
      }
      log.record(channel: channel, .request(id: Self.number(in: bytes, device) ?? count, message))
    case .wrote(let bytes):
      guard let message = Self.message(in: bytes, device) else { return }
      let count = counts.withLock { $0[channel] }
      log.record(channel: channel, .response(id: Self.number(in: bytes, device) ?? count, message))
    case .opened, .readFailed, .writeFailed, .control: return
    }
    log.flush()
  }

  /// Ends the files; throws where one could not be written.
  func end() throws {
    if let failure = log.end().first { throw EmulatorError(failure) }
  }

  private static func message(in bytes: [UInt8], _ device: EmulatedDevice) -> Message? {
    device.kind.message(in: bytes).flatMap { Message($0.span) }
  }

  /// BT's sequence number; the others have none.
  private static func number(in bytes: [UInt8], _ device: EmulatedDevice) -> UInt8? {
    device.kind == .bt ? bytes[2] : nil
  }
}
