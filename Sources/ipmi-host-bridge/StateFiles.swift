import ControllerContent
import EmulatedPair
import Foundation
import Logging
import ManagementController
import Transport

/// The files in which what BMCs know outlives the program: one for each link, or none at all.
struct StateFiles {
  /// How long what was changed may be in no file, in seconds.
  static let interval = 5

  let paths: [String]
  private let logger: Logger
  /// Of what is in each file.
  private var digests: [UInt64?]
  /// The files that could not be written, so that each is named once.
  private var failed: Set<String> = []

  init(_ paths: [String], logger: Logger) {
    self.paths = paths
    self.logger = logger
    digests = paths.map { _ in nil }
  }

  /// Whether there is anything to do.
  var isEmpty: Bool { paths.isEmpty }

  /// Gives the controller of link number `index` what its file has, where there is one, and makes
  /// sure that it can be written.
  mutating func open(
    _ controller: inout ManagementController, link index: Int, now: UInt64
  ) throws(ContentError) {
    guard !isEmpty else { return }
    _ = try SavedState.load(&controller, from: paths[index], now: now)
    try SavedState.save(controller, to: paths[index], now: now)
    digests[index] = SavedState.digest(of: controller)
  }

  /// Writes the file of each controller that has changed; those that cannot be written are logged
  /// once, and tried again next time.
  ///
  /// - Returns: Whether every file is as its controller.
  @discardableResult
  mutating func save(_ controllers: [ManagementController], now: UInt64) -> Bool {
    for (index, (path, controller)) in zip(paths, controllers).enumerated() {
      let digest = SavedState.digest(of: controller)
      guard digest != digests[index] else { continue }
      do throws(ContentError) {
        try SavedState.save(controller, to: path, now: now)
        digests[index] = digest
        failed.remove(path)
        logger.info("\(path): saved")
      } catch {
        if failed.insert(path).inserted { logger.error("\(error.description)") }
      }
    }
    return failed.isEmpty
  }
}
