import TestSupport
import Testing
import VMProtocol

@testable import IPMIHostBridge

@Suite struct HostControlLinesTests {
  private static let override = HostControlLines.powerButtonOverride

  @Test(arguments: [(HostControlLines.Output.reset, VMControl.reset), (.nmi, .nmi)])
  func anEdgeIsOneCommand(_ output: HostControlLines.Output, _ command: VMControl) {
    var lines = HostControlLines()
    let results = [true, true, false, false, true].map {
      lines.set(output, asserted: $0, now: 0)
    }
    #expect(results == [command, nil, nil, nil, command])
    #expect(lines.deadline == nil)
  }

  @Test func aShortPressShutsDown() {
    var lines = HostControlLines()
    let pressed = lines.set(.powerButton, asserted: true, now: 100)
    #expect(pressed == nil)
    #expect(lines.deadline == 100 + Self.override)
    let early = lines.advance(now: 99 + Self.override)
    #expect(early == nil)
    let released = lines.set(.powerButton, asserted: false, now: 99 + Self.override)
    #expect(released == .gracefulShutdown)
    #expect(lines.deadline == nil)
  }

  @Test func aLongPressTurnsOffOnceAndWhileItIsHeld() {
    var lines = HostControlLines()
    _ = lines.set(.powerButton, asserted: true, now: 100)
    let held = lines.advance(now: 100 + Self.override)
    #expect(held == .powerOff)
    #expect(lines.deadline == nil)
    let longer = lines.advance(now: 200 + Self.override)
    #expect(longer == nil)
    let released = lines.set(.powerButton, asserted: false, now: 300 + Self.override)
    #expect(released == nil)
  }

  @Test func outputsDoNotDisturbEachOther() {
    var lines = HostControlLines()
    _ = lines.set(.powerButton, asserted: true, now: 0)
    let reset = lines.set(.reset, asserted: true, now: 1)
    let nmi = lines.set(.nmi, asserted: true, now: 2)
    let off = lines.advance(now: Self.override)
    #expect([reset, nmi, off] == [.reset, .nmi, .powerOff])
  }

  @Test func platformResetFollowsTheHost() {
    var lines = HostControlLines()
    #expect(!lines.powerGood)
    #expect(lines.platformReset)
    lines.setPowerGood(true)
    #expect(!lines.platformReset)
    lines.hostWasReset(now: 50)
    #expect(lines.platformReset)
    #expect(lines.powerGood)
    let end = 50 + HostControlLines.platformResetPulse
    #expect(lines.deadline == end)
    _ = lines.advance(now: end - 1)
    #expect(lines.platformReset)
    _ = lines.advance(now: end)
    #expect(!lines.platformReset)
    #expect(lines.deadline == nil)
    lines.hostWasReset(now: 100)
    lines.setPowerGood(false)
    #expect(lines.platformReset)
    #expect(lines.deadline == nil)
  }

  /// What `savevm` keeps: the button is still held after `loadvm`, and as long as it was.
  @Test func aPressOutlivesASavedState() {
    var lines = HostControlLines()
    _ = lines.set(.powerButton, asserted: true, now: 100)
    _ = lines.set(.nmi, asserted: true, now: 100)
    let bytes = StateBytes(saving: lines, now: 1_100).bytes
    var other = HostControlLines()
    let isRestored = StateBytes.restore(&other, from: bytes, now: 5_000)
    #expect(isRestored)
    #expect(other.deadline == 5_000 + Self.override - 1_000)
    #expect(other.set(.nmi, asserted: true, now: 5_000) == nil, "it was asserted")
    #expect(other.advance(now: 5_000 + Self.override - 1_000) == .powerOff)
    // How the host is, is not part of it.
    #expect(!other.powerGood)
  }

  @Test func theFirstOfTwoDeadlinesCounts() {
    var lines = HostControlLines()
    lines.setPowerGood(true)
    _ = lines.set(.powerButton, asserted: true, now: 0)
    lines.hostWasReset(now: 10)
    #expect(lines.deadline == 10 + HostControlLines.platformResetPulse)
    #expect(lines.advance(now: 10 + HostControlLines.platformResetPulse) == nil)
    #expect(lines.deadline == Self.override)
  }
}
