import IPMI
import Testing

@testable import ManagementController

@Suite struct SELTests {
  /// A record of `type` that is told apart by `mark`.
  private func record(_ mark: UInt8, type: UInt8 = 0x02) -> [UInt8] {
    [0, 0, type, 9, 9, 9, 9, 0x41, 0, 4, 0x01, mark, 0x01, 0x59, mark, 0xFF]
  }

  /// A reservation, low byte first.
  private func reserve(_ controller: inout ManagementController) throws -> [UInt8] {
    try controller.data(.reserveSEL)
  }

  /// A controller without an Event Logging Disabled sensor, which would add records of its own.
  private func makeQuietController() -> ManagementController {
    ManagementController(
      identity: identity,
      sensors: SensorTable(),
      fru: emptyFRU)
  }

  @Test func anEmptyLogSaysSo() throws {
    var controller = makeController()
    #expect(
      try controller.data(.getSELInfo) == [0x51, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0x0F])
    #expect(try controller.data(.getSELAllocationInfo) == [128, 0, 16, 0, 128, 0, 128, 0, 1])
    #expect(controller.code(.getSELEntry, [0, 0, 0, 0, 0, 0xFF]) == 0xCB)
    #expect(controller.code(.getSELEntry, [0, 0, 0xFF, 0xFF, 0, 0xFF]) == 0xCB)
  }

  @Test func theLogTakesAllRecordsAndThenSaysFullAndOverflow() throws {
    var controller = makeQuietController()
    for mark in UInt8(0)..<128 {
      #expect(try word(controller.data(.addSELEntry, record(mark)), 0) == UInt16(mark) + 1)
    }
    #expect(try controller.data(.getSELInfo).last == 0x0F)
    #expect(controller.code(.addSELEntry, record(200)) == 0xC4)
    let info = try controller.data(.getSELInfo)
    #expect(word(info, 1) == 128)
    #expect(word(info, 3) == 0)
    #expect(info.last == 0x8F)
    #expect(try controller.readLog().map { $0[11] } == Array(0..<128))
  }

  @Test func theLastFreeRecordSaysThatTheLogIsFull() throws {
    var controller = makeController()
    var added = 0
    while controller.code(.addSELEntry, record(1)) == 0 { added += 1 }
    let log = try controller.readLog()
    // Two records of the log's own: almost full, full.
    #expect(added == 126)
    #expect(log.count == 128)
    #expect(Array(log[96][10...]) == [0x10, SensorNumber.eventLog, 0x6F, 0x05, 0xFF, 0xFF])
    #expect(Array(log[127][10...]) == [0x10, SensorNumber.eventLog, 0x6F, 0x04, 0xFF, 0xFF])
    #expect(
      try controller.data(.getSensorReading, [SensorNumber.eventLog])[2...] == [0b11_0000, 0x80])

    let reservation = try reserve(&controller)
    #expect(controller.code(.clearSEL, reservation + Array("CLR".utf8) + [0xAA]) == 0)
    #expect(
      try controller.data(.getSensorReading, [SensorNumber.eventLog])[2...] == [0, 0x80])
    let cleared = try controller.readLog()
    #expect(cleared.map { Array($0[10...13]) } == [[0x10, SensorNumber.eventLog, 0x6F, 0x02]])
    #expect(try controller.data(.getSELInfo).last == 0x0F)
  }

  /// ipmitool took the event as the response to its next request.
  @Test func clearingTheLogRaisesNoAttention() throws {
    var controller = makeController()
    #expect(controller.code(.setBMCGlobalEnables, [0x0E]) == 0)
    let reservation = try reserve(&controller)
    #expect(controller.code(.clearSEL, reservation + Array("CLR".utf8) + [0xAA]) == 0)
    #expect(try controller.readLog().count == 1)
    #expect(!controller.attention)
    #expect(controller.code(.readEventMessageBuffer) == 0x80)
  }

  @Test func clearNeedsTheReservationAndTheLetters() throws {
    var controller = makeQuietController()
    #expect(controller.code(.addSELEntry, record(1)) == 0)
    let clear = Array("CLR".utf8) + [0xAA]
    #expect(controller.code(.clearSEL, [0, 0] + clear) == 0xC5)
    let older = try reserve(&controller)
    let newer = try reserve(&controller)
    #expect(controller.code(.clearSEL, older + clear) == 0xC5)
    #expect(controller.code(.clearSEL, newer + Array("CLX".utf8) + [0xAA]) == 0xCC)
    #expect(controller.code(.clearSEL, newer + Array("CLR".utf8) + [0x01]) == 0xCC)
    #expect(try controller.data(.clearSEL, newer + Array("CLR".utf8) + [0x00]) == [1])
    #expect(try controller.readLog().count == 1)
    #expect(try controller.data(.clearSEL, newer + clear, now: 5 * second) == [1])
    #expect(try controller.readLog().isEmpty)
    #expect(controller.code(.clearSEL, newer + clear) == 0xC5)
    // The erase time is the SEL's; the SDR repository's stays.
    #expect(try longWord(controller.data(.getSELInfo), 9) == 5)
    #expect(try longWord(controller.data(.getSDRRepositoryInfo), 9) == 0)
  }

  @Test func deletingFromTheMiddleKeepsTheOthersLinked() throws {
    for victim in UInt8(1)...5 {
      var controller = makeQuietController()
      for mark in UInt8(1)...5 {
        #expect(controller.code(.addSELEntry, record(mark)) == 0)
      }
      let reservation = try reserve(&controller)
      #expect(try controller.data(.deleteSELEntry, reservation + [victim, 0]) == [victim, 0])
      #expect(controller.code(.deleteSELEntry, reservation + [victim, 0]) == 0xC5)
      let again = try reserve(&controller)
      #expect(controller.code(.deleteSELEntry, again + [victim, 0]) == 0xCB)
      #expect(try controller.readLog().map { $0[0] } == (1...5).filter { $0 != victim })
      #expect(try word(controller.data(.addSELEntry, record(6)), 0) == 6)
    }
  }

  @Test func firstAndLastCanBeNamedWithoutTheirIDs() throws {
    var controller = makeQuietController()
    for mark in UInt8(1)...3 {
      #expect(controller.code(.addSELEntry, record(mark)) == 0)
    }
    #expect(try controller.data(.getSELEntry, [0, 0, 0, 0, 0, 0xFF])[2] == 1)
    let last = try controller.data(.getSELEntry, [0, 0, 0xFF, 0xFF, 0, 0xFF])
    #expect(Array(last[0...2]) == [0xFF, 0xFF, 3])
    #expect(
      try controller.data(.deleteSELEntry, reserve(&controller) + [0xFF, 0xFF]) == [3, 0])
    #expect(try controller.data(.deleteSELEntry, reserve(&controller) + [0, 0]) == [1, 0])
    #expect(try controller.readLog().map { $0[0] } == [2])
  }

  @Test func aRecordReadsInEveryPiece() throws {
    var controller = makeQuietController()
    #expect(controller.code(.addSELEntry, record(7)) == 0)
    let whole = try controller.readLog()[0]
    let reservation = try reserve(&controller)
    for offset in UInt8(0)..<16 {
      for count in UInt8(0)...20 {
        let part = try controller.data(.getSELEntry, reservation + [1, 0, offset, count])
        let end = min(16, Int(offset) + Int(count))
        #expect(Array(part[2...]) == Array(whole[Int(offset)..<end]))
      }
      #expect(controller.code(.getSELEntry, [0, 0, 1, 0, offset, 1]) == (offset == 0 ? 0 : 0xC5))
    }
    #expect(controller.code(.getSELEntry, reservation + [1, 0, 16, 1]) == 0xC9)
    #expect(controller.code(.getSELEntry, reservation + [2, 0, 0, 0xFF]) == 0xCB)
  }

  @Test func onlyRecordsWithATimestampAreStamped() throws {
    var controller = makeQuietController()
    let now = 77 * second
    for type in [0x02, 0xC0, 0xDF, 0xE0, 0xFF] as [UInt8] {
      #expect(controller.code(.addSELEntry, record(1, type: type), now: now) == 0)
    }
    #expect(
      try controller.readLog(now: now).map { longWord($0, 3) }
        == [77, 77, 77, 0x0909_0909, 0x0909_0909])
    for type in [0x00, 0x01, 0x03, 0xBF] as [UInt8] {
      #expect(controller.code(.addSELEntry, record(1, type: type)) == 0x80)
    }
  }

  @Test func theClockRunsFromWhereItIsSet() throws {
    var controller = makeQuietController()
    #expect(try longWord(controller.data(.getSELTime, now: 9 * second + 1), 0) == 9)
    #expect(controller.code(.setSELTime, [0, 0, 0, 0x60], now: 100 * second) == 0)
    #expect(try longWord(controller.data(.getSELTime, now: 100 * second), 0) == 0x6000_0000)
    #expect(try longWord(controller.data(.getSELTime, now: 107 * second), 0) == 0x6000_0007)
    #expect(
      try longWord(controller.data(.getSDRRepositoryTime, now: 107 * second), 0) == 0x6000_0007)
    // Setting 0 restarts the clock there; it must not run at twice the time.
    #expect(controller.code(.setSELTime, [0, 0, 0, 0], now: 200 * second) == 0)
    #expect(try longWord(controller.data(.getSELTime, now: 203 * second), 0) == 3)
    #expect(controller.code(.setSELTime, [0xFF, 0xFF, 0xFF, 0xFF], now: 300 * second) == 0)
    #expect(try longWord(controller.data(.getSELTime, now: 302 * second), 0) == 1)
  }

  @Test func theUTCOffsetIsUnspecifiedUntilSet() throws {
    var controller = makeQuietController()
    #expect(try word(controller.data(.getSELTimeUTCOffset), 0) == 0x07FF)
    #expect(controller.code(.setSELTimeUTCOffset, [0xC4, 0xFF]) == 0)
    #expect(try word(controller.data(.getSELTimeUTCOffset), 0) == 0xFFC4)
    #expect(controller.code(.setSELTimeUTCOffset, [0xA1, 0x05]) == 0xCC)
    #expect(controller.code(.setSELTimeUTCOffset, [0xFF, 0x07]) == 0)
  }

  @Test func recordIDsWrapPastThoseInUse() {
    var log = SystemEventLog()
    let empty = EventRecord()
    #expect((1...3).map { _ in log.append(empty, at: 0) } == [1, 2, 3])
    log.remove(at: 2, seconds: 0)
    for id in UInt16(4)...0xFFFE {
      let added = log.append(empty, at: 0)
      log.remove(at: 2, seconds: 0)
      guard added == id else {
        Issue.record("\(id) expected")
        return
      }
    }
    // 1 and 2 are still there.
    #expect((1...3).map { _ in log.append(empty, at: 0) } == [3, 4, 5])
  }
}
