import Foundation
import IPMI
import ManagementController

/// What of a controller outlives it, as bytes for a file.
///
/// | Bytes | Content                                   |
/// |------:|-------------------------------------------|
/// |   0–7 | `IPMIHBST`                                |
/// |     8 | version, 1                                |
/// |  9–16 | seconds since 1970 when it was saved      |
/// |   17… | the controller's state                    |
/// |  last | sum of all bytes, mod 2^32, in four bytes |
///
/// Multi-byte fields have their lowest byte first.
public enum SavedState {
  private static let mark = Array("IPMIHBST".utf8)
  private static let version: UInt8 = 1
  private static let headerSize = 17

  /// The state of `controller` at the time `now` of its clock.
  ///
  /// - Parameter time: Seconds since 1970.
  public static func bytes(
    of controller: ManagementController, time: UInt64, now: UInt64
  ) -> [UInt8] {
    var stream = StateData(following: mark + [version], now: now)
    var time = time
    stream.transfer(&time)
    var controller = controller
    controller.transfer(through: &stream)
    var sum = stream.bytes.sum
    stream.transfer(&sum)
    return stream.bytes
  }

  /// Restores `controller`, which has its content.
  ///
  /// The SEL clock has gone on meanwhile, as one with a battery does. Where the content is another
  /// than the saved controller's at its start, its records and inventories stay, and the rest is
  /// restored.
  ///
  /// - Parameter time: Seconds since 1970.
  /// - Throws: where the bytes are no such state, and `controller` is as before.
  public static func restore(
    _ controller: inout ManagementController, from bytes: [UInt8], named name: String,
    time: UInt64, now: UInt64
  ) throws(ContentError) {
    guard bytes.starts(with: mark) else {
      throw ContentError(name, "not a saved state: it does not begin with IPMIHBST")
    }
    guard bytes.count >= headerSize + 4 else { throw ContentError(name, "the state is cut short") }
    guard bytes[mark.count] == version else {
      throw ContentError(
        name, "a state of version \(bytes[mark.count]); this program reads version \(version)")
    }
    let content = Array(bytes.dropLast(4))
    let sum = (0..<4).reduce(0 as UInt32) { $0 | UInt32(bytes[content.count + $1]) << (8 * $1) }
    guard content.sum == sum else {
      throw ContentError(name, "the state is cut short or was changed: its sum is wrong")
    }
    var stream = StateData(restoring: content, from: mark.count + 1, now: now)
    var savedTime: UInt64 = 0
    stream.transfer(&savedTime)
    var copy = controller
    copy.transfer(through: &stream)
    guard !stream.isRejected else {
      throw ContentError(name, "the state makes no sense, though its sum is right")
    }
    copy.passTime(seconds: time > savedTime ? time - savedTime : 0)
    controller = copy
  }

  /// A number that changes, almost surely, with what is saved of `controller`, and not with the time:
  /// FNV-1a over its state, 64 bits.
  public static func digest(of controller: ManagementController) -> UInt64 {
    // At the time 0 its clocks show what they were set to.
    StateData(saving: controller, now: 0).bytes.reduce(0xCBF2_9CE4_8422_2325) {
      ($0 ^ UInt64($1)) &* 0x0100_0000_01B3
    }
  }

  /// Gives `controller`, which has its content, what outlives the one `before` it: as a file would.
  public static func carry(
    from before: ManagementController, to controller: inout ManagementController, now: UInt64
  ) {
    _ = StateData.restore(&controller, from: StateData(saving: before, now: now).bytes, now: now)
  }

  /// Writes the state to a file, whole or not at all: a new file takes the old one's place. What a
  /// BMC knows is for this user only.
  public static func save(
    _ controller: ManagementController, to path: String, now: UInt64
  ) throws(ContentError) {
    let new = path + ".new"
    // Of a program that was killed as it wrote.
    unsafe unlink(new)
    let descriptor = unsafe open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw notWritten(path) }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      try file.write(contentsOf: bytes(of: controller, time: secondsSince1970(), now: now))
      try file.synchronize()
    } catch {
      unsafe unlink(new)
      throw ContentError(path, "could not be written: \(error.localizedDescription)")
    }
    guard unsafe rename(new, path) == 0 else {
      let error = notWritten(path)
      unsafe unlink(new)
      throw error
    }
  }

  private static func notWritten(_ path: String) -> ContentError {
    ContentError(path, "could not be written: \(unsafe String(cString: strerror(errno)))")
  }

  /// Restores `controller` from a file; `false`, and nothing done, where there is none yet.
  public static func load(
    _ controller: inout ManagementController, from path: String, now: UInt64
  ) throws(ContentError) -> Bool {
    guard FileManager.default.fileExists(atPath: path) else { return false }
    try restore(
      &controller, from: ContentFile.read(path), named: path, time: secondsSince1970(), now: now)
    return true
  }

  private static func secondsSince1970() -> UInt64 { UInt64(max(0, Date().timeIntervalSince1970)) }
}

extension [UInt8] {
  fileprivate var sum: UInt32 { reduce(0) { $0 &+ UInt32($1) } }
}
