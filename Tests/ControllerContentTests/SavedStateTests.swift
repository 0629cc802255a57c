import EmulatedPair
import Foundation
import IPMI
import ManagementController
import TestSupport
import Testing

@testable import ControllerContent

@Suite struct SavedStateTests {
  private let second: UInt64 = 1_000_000_000

  /// The example's controller after system software was at it.
  private func used() throws -> ManagementController {
    var controller = try Example.content().makeController(seconds: 1000)
    #expect(controller.ask(.setSELTime, [0x00, 0x00, 0x00, 0x70]) == [0])
    #expect(controller.ask(.setSELTimeUTCOffset, [60, 0]) == [0])
    let event: [UInt8] = [0, 0, 2, 0, 0, 0, 0, 0x41, 0, 4, 1, 2, 3, 4, 5, 6]
    #expect(controller.ask(.addSELEntry, event, now: second)[0] == 0)
    #expect(controller.ask(.addSDR, [0, 0, 0x51, 0xC0, 2, 7, 7])[0] == 0)
    let reservation = Array(controller.ask(.reserveSDRRepository)[1...])
    #expect(controller.ask(.deleteSDR, reservation + [2, 0]) == [0, 2, 0])
    #expect(controller.ask(.writeFRUData, [1, 0xFF, 3, 0x5A]) == [0, 1])
    #expect(controller.ask(.setPowerRestorePolicy, [2])[0] == 0)
    #expect(controller.ask(.setSystemBootOptions, [5, 0x80, 8, 0, 0, 0]) == [0])
    controller.advance(to: 180 * second)
    return controller
  }

  /// Everything that is to be the same again.
  private func shown(_ controller: ManagementController, now: UInt64 = 0) -> [[UInt8]] {
    var controller = controller
    return controller.records() + controller.events() + [controller.inventory(0)]
      + [
        controller.inventory(1), controller.ask(.getSELInfo), controller.ask(.getSDRRepositoryInfo),
      ]
      + [controller.ask(.getChassisStatus), controller.ask(.getSystemBootOptions, [5, 0, 0])]
      + [controller.ask(.getPOHCounter), controller.ask(.getSELTimeUTCOffset)]
  }

  @Test func `a restored controller shows what the saved one did`() throws {
    let controller = try used()
    let bytes = SavedState.bytes(of: controller, time: 5000, now: 180 * second)
    var restored = try Example.content().makeController()
    try SavedState.restore(&restored, from: bytes, named: "state", time: 5000, now: 7 * second)
    #expect(shown(restored) == shown(controller))
    #expect(SavedState.bytes(of: restored, time: 5000, now: 7 * second) == bytes)
    // Three minutes with power are on the counter.
    #expect(restored.ask(.getPOHCounter) == [0, 1, 3, 0, 0, 0])
    // What was added gets no ID a second time.
    #expect(restored.ask(.addSDR, [0, 0, 0x51, 0xC0, 0]) == [0, 13, 0])
  }

  /// Found by fuzzing: a host that reads records along their links read the same ones for ever.
  @Test func `a state in which two records have one ID is refused`() throws {
    var controller = try used()
    let event: [UInt8] = [0, 0, 2, 0, 0, 0, 0, 0x41, 0, 4, 9, 2, 3, 4, 5, 6]
    #expect(controller.ask(.addSELEntry, event, now: 181 * second)[0] == 0)
    let bytes = StateData(saving: controller).bytes
    for records in [controller.events(), controller.records()] {
      let (first, last) = (records[0].prefix(2), try #require(records.last))
      let place = try #require(
        bytes.indices.first { bytes[$0...].starts(with: last) }, "\(last) is not in the state")
      for id in [Array(first), [0, 0], [0xFF, 0xFF]] {
        var damaged = bytes
        damaged.replaceSubrange(place..<place + 2, with: id)
        var restored = controller
        #expect(!StateData.restore(&restored, from: damaged), "\(last) with ID \(id)")
      }
    }
  }

  @Test func `the clock has gone on by the time between`() throws {
    var restored = try Example.content().makeController()
    let bytes = SavedState.bytes(of: try used(), time: 5000, now: 180 * second)
    try SavedState.restore(&restored, from: bytes, named: "state", time: 5100, now: 0)
    // Set at 0 s, saved at 180 s, and 100 s later.
    #expect(restored.ask(.getSELTime) == [0, 0x18, 0x01, 0x00, 0x70])
    #expect(restored.ask(.getSELTime, now: 2 * second) == [0, 0x1A, 0x01, 0x00, 0x70])
    // A clock of the machine that ran backwards takes nothing away.
    try SavedState.restore(&restored, from: bytes, named: "state", time: 10, now: 2 * second)
    #expect(restored.ask(.getSELTime, now: 2 * second) == [0, 0xB4, 0x00, 0x00, 0x70])
  }

  @Test func `content that was changed counts, and the rest is restored`() throws {
    let bytes = SavedState.bytes(of: try used(), time: 5000, now: 180 * second)
    for change in ["fru:\n- product: {}\n- {}\n- {}", "sdr:\n- {fru: Other}", "fru-area-size: 64"] {
      let content = try ControllerContent(yaml: change, file: "")
      let fresh = try content.makeController()
      var restored = fresh
      try SavedState.restore(&restored, from: bytes, named: "state", time: 5000, now: 0)
      var (before, original) = (fresh, try used())
      #expect(restored.records() == before.records())
      for device in UInt8(0)...3 {
        #expect(restored.inventory(device) == before.inventory(device))
      }
      #expect(restored.events() == original.events())
      #expect(restored.ask(.getSystemBootOptions, [5, 0, 0])[4] == 8)
      // And is a state of the new content.
      let again = SavedState.bytes(of: restored, time: 5000, now: 0)
      var second = fresh
      try SavedState.restore(&second, from: again, named: "state", time: 5000, now: 0)
      #expect(shown(second) == shown(restored))
    }
  }

  @Test func `a state that was cut or changed anywhere is refused and changes nothing`() throws {
    let bytes = SavedState.bytes(of: try used(), time: 5000, now: 180 * second)
    let fresh = try Example.content().makeController()
    let before = shown(fresh)
    var random = SplitMix64(seed: 0x57A7E)
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= UInt8.random(in: 1...255, using: &random)
      for broken in [Array(bytes[..<index]), changed] {
        var controller = fresh
        #expect(throws: ContentError.self, "\(index)") {
          try SavedState.restore(&controller, from: broken, named: "state", time: 0, now: 0)
        }
        if index % 97 == 0 { #expect(shown(controller) == before) }
      }
    }
  }

  /// Random content behind a good mark and a good sum: refused, or a controller that answers.
  @Test func `a made-up state does no harm`() throws {
    var random = SplitMix64(seed: 0xBAD5)
    let good = SavedState.bytes(of: try used(), time: 5000, now: 180 * second)
    let fresh = try Example.content().makeController()
    var accepted = 0
    for _ in 0..<400 {
      var bytes = Array(good.dropLast(4))
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        bytes[.random(in: 17..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
      }
      let sum = bytes.reduce(0 as UInt32) { $0 &+ UInt32($1) }
      bytes += (0..<4).map { UInt8(truncatingIfNeeded: sum >> UInt32(8 * $0)) }
      var controller = fresh
      do {
        try SavedState.restore(&controller, from: bytes, named: "state", time: 0, now: 0)
        accepted += 1
      } catch {
        continue
      }
      #expect(!shown(controller).isEmpty)
      #expect(controller.ask(.addSDR, [0, 0, 0x51, 0xC0, 0])[0] == 0)
    }
    #expect(accepted > 100)
  }

  @Test func `a wrong file is named with the reason`() throws {
    let bytes = SavedState.bytes(of: try used(), time: 5000, now: 0)
    var newer = bytes
    newer[8] = 2
    let reasons = [
      (Array("hello".utf8), "not a saved state"), (newer, "version 2"),
      (Array(bytes.prefix(12)), "cut short"),
    ]
    for (bytes, reason) in reasons {
      var controller = try used()
      let error = #expect(throws: ContentError.self) {
        try SavedState.restore(&controller, from: bytes, named: "state", time: 0, now: 0)
      }
      #expect(error?.description.hasPrefix("state: ") == true)
      #expect(error?.message.contains(reason) == true)
    }
  }

  @Test func `a file takes the place of the one before, whole`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.appending("state")
    var controller = try Example.content().makeController()
    #expect(try SavedState.load(&controller, from: path, now: 0) == false)
    try SavedState.save(try used(), to: path, now: 180 * second)
    try SavedState.save(try used(), to: path, now: 180 * second)
    #expect(try SavedState.load(&controller, from: path, now: 0) == true)
    #expect(controller.events() == (try shownEvents()))
    // Nothing else is left in the folder.
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["state"])
    #expect(throws: ContentError.self) {
      try SavedState.save(controller, to: directory.appending("none/state"), now: 0)
    }
  }

  private func shownEvents() throws -> [[UInt8]] {
    var controller = try used()
    return controller.events()
  }
}
