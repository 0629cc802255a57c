import IPMI
import TestSupport
import Testing

@testable import SystemInterfaces

/// The target as the bus sees it, byte for byte.
@Suite struct SSIFTargetTests {
  private static var enabled: SSIFTarget {
    var target = SSIFTarget()
    target.enables = .address
    return target
  }

  private static func message(_ count: Int) -> [UInt8] { Array(Message.pattern(count).bytes) }

  private static func response(_ count: Int) -> FixedBytes<300> {
    let bytes =
      [0x1C, 0x01, 0x00] + (3..<max(count, 3)).map { UInt8(truncatingIfNeeded: $0 &* 29) }
    return FixedBytes(bytes.span)!
  }

  /// One with a response of `count` bytes to read.
  private static func responding(_ count: Int, withPEC: Bool = false) -> SSIFTarget {
    var target = enabled
    #expect(target.putRequest([0x18, 0x01], withPEC: withPEC) == true)
    #expect(target.takeRequest(now: 0) != nil)
    #expect(target.respond(response(count), now: 0) == true)
    return target
  }

  /// That the next good request is received and answered.
  private func works(_ target: inout SSIFTarget, now: UInt64 = 0) -> Bool {
    guard target.putRequest([0x18, 0x04], withPEC: true, now: now),
      target.takeRequest(now: now).map({ Array($0) }) == [0x18, 0x04],
      target.respond([0x1C, 0x04, 0x00, 0x55, 0x00] as FixedBytes<5>, now: now)
    else { return false }
    return target.getResponse(now: now) == [0x1C, 0x04, 0x00, 0x55, 0x00]
  }

  // MARK: PEC

  /// The check value of CRC-8, and the table of one bit each.
  @Test func thePECIsCRC8() {
    var code = PacketErrorCode()
    for byte in "123456789".utf8 { code.append(byte) }
    #expect(code.value == 0xF4)
    for byte in UInt8.min...UInt8.max {
      var single = PacketErrorCode()
      single.append(byte)
      #expect(single.value == Transfer.code([byte]))
    }
  }

  @Test(arguments: [2, 31, 32, 33, 200]) func everyWrongPECIsNotAcknowledged(count: Int) {
    let parts = Transfer.request(Self.message(count), withPEC: true)
    for wrong in UInt8(1)...255 {
      for bad in parts.indices {
        var target = Self.enabled
        for part in parts[..<bad] { #expect(target.put(part) == part.count) }
        var part = parts[bad]
        part[part.count - 1] ^= wrong
        #expect(target.put(part) == part.count - 1)
        #expect(target.phase == .aborting && target.takeRequest(now: 0) == nil)
        // The rest of the request is not understood.
        for part in parts[(bad + 1)...] { #expect(target.put(part) == 0) }
        #expect(target.takeRequest(now: 0) == nil)
        if wrong == 0x5A { #expect(works(&target)) }
      }
    }
  }

  // MARK: Every length

  @Test(arguments: [false, true]) func everyRequestLengthArrives(withPEC: Bool) {
    for count in 2...254 {
      var target = Self.enabled
      #expect(target.putRequest(Self.message(count), withPEC: withPEC) == true, "\(count)")
      #expect(target.takeRequest(now: 0).map { Array($0) } == Self.message(count))
      #expect(target.takeRequest(now: 0) == nil, "only once")
    }
  }

  @Test(arguments: [false, true]) func aRequestOf255BytesIsRefusedAtItsCount(withPEC: Bool) {
    var target = Self.enabled
    let parts = Transfer.request(Self.message(254) + [0], withPEC: withPEC)
    for part in parts.dropLast() { #expect(target.put(part) == part.count) }
    #expect(target.put(parts.last!) == 1)
    #expect(target.takeRequest(now: 0) == nil)
    #expect(target.get([0x03]) == nil)
    #expect(works(&target))
  }

  @Test(arguments: [false, true]) func everyResponseLengthComesBack(withPEC: Bool) {
    for count in 3...254 {
      var target = Self.responding(count, withPEC: withPEC)
      #expect(target.getResponse() == Array(Self.response(count)), "\(count)")
      #expect(target.get([0x09]) == nil, "there is no part after the last one")
    }
  }

  @Test(arguments: [255, 256, 300]) func aResponseThatDoesNotFitBecomesCA(count: Int) {
    var target = Self.responding(count)
    #expect(target.getResponse() == [0x1C, 0x01, 0xCA])
  }

  /// A response of 45 bytes, as Get SDR's is: 32 bytes from 00h 01h, 16 from FFh.
  @Test func theBlocksOfALongResponseAreQEMUs() {
    var target = Self.responding(45)
    let bytes = Array(Self.response(45))
    #expect(target.get([0x03])?.dropLast() == [32, 0x00, 0x01] + bytes[..<30])
    #expect(target.get([0x09])?.dropLast() == [16, 0xFF] + bytes[30...])
  }

  @Test func theNumbersOfTheParts() {
    var target = Self.responding(254)
    var numbers: [UInt8] = []
    #expect(target.get([0x03])?[1...2] == [0x00, 0x01])
    while let part = target.get([0x09]) { numbers.append(part[1]) }
    #expect(numbers == [0, 1, 2, 3, 4, 5, 6, 0xFF])
  }

  /// PEC of every block, computed from what was on the bus; 0 for a host that has sent none.
  @Test(arguments: [2, 32, 33, 61, 62, 254]) func thePECOfAResponseIsAsTheHosts(count: Int) {
    for withPEC in [false, true] {
      var target = Self.responding(count, withPEC: withPEC)
      var command: UInt8 = 0x03
      while let block = target.get([command]) {
        let expected = Transfer.code([0x20, command, 0x21] + block.dropLast())
        #expect(block.last == (withPEC ? expected : 0))
        command = 0x09
      }
    }
  }

  @Test func behindTheLastByteThereIsZero() {
    var target = Self.responding(3, withPEC: true)
    #expect(target.start(.write, now: 0) == true)
    #expect(target.write(0x03) == true)
    #expect(target.start(.read, now: 0) == true)
    let bytes = (0..<100).map { _ in target.read() }
    #expect(bytes.prefix(4) == [3, 0x1C, 0x01, 0x00])
    #expect(bytes[5...].allSatisfy { $0 == 0 })
    target.stop(now: 0)
    #expect(target.read() == 0xFF, "nobody drives the bus")
  }

  // MARK: Reading again

  @Test func aResponseCanBeReadAgain() {
    for count in [3, 32, 33, 254] {
      var target = Self.responding(count)
      for _ in 0..<3 { #expect(target.getResponse() == Array(Self.response(count))) }
      #expect(works(&target))
      #expect(target.getResponse() == [0x1C, 0x04, 0x00, 0x55, 0x00])
    }
  }

  /// 0Ah names a part by the number that it carries; reading goes on behind it.
  @Test(arguments: [false, true]) func aPartCanBeReadAgainByItsNumber(withPEC: Bool) {
    var target = Self.responding(254, withPEC: withPEC)
    _ = target.get([0x03])
    var parts: [[UInt8]] = []
    while let part = target.get([0x09]) { parts.append(part) }
    #expect(parts.count == 8)
    for (index, part) in parts.enumerated() {
      let number = index == 7 ? 0xFF : UInt8(index)
      let again = target.get([0x0A, number])
      #expect(again?.dropLast() == part.dropLast())
      if withPEC {
        #expect(again?.last == Transfer.code([0x20, 0x0A, number, 0x21] + part.dropLast()))
      }
      if index < 7 { #expect(target.get([0x09])?.dropLast() == parts[index + 1].dropLast()) }
    }
    // The last one has a place, too.
    #expect(target.get([0x0A, 7])?.dropLast() == parts[7].dropLast())
    for number in UInt8(8)...254 { #expect(target.get([0x0A, number]) == nil) }
    #expect(target.get([0x0A]) == nil, "no number")
    #expect(target.get([0x0A, 0, 0]) == nil, "two numbers")
    #expect(target.getResponse() == Array(Self.response(254)))
  }

  @Test func aSinglePartHasNoOtherPart() {
    var target = Self.responding(32)
    for command in [[0x09], [0x0A, 0], [0x0A, 0xFF]] as [[UInt8]] {
      #expect(target.get(command) == nil)
    }
    #expect(target.getResponse() == Array(Self.response(32)))
  }

  @Test func aMiddlePartNeedsAStart() {
    var target = Self.responding(100)
    #expect(target.get([0x09]) == nil)
    #expect(target.getResponse() == Array(Self.response(100)))
  }

  @Test func aReadNeedsACommand() {
    var target = Self.responding(10)
    #expect(target.start(.read, now: 0) == false)
    target.stop(now: 0)
    #expect(target.start(.write, now: 0) == true)
    #expect(target.start(.read, now: 0) == false)
    target.stop(now: 0)
    #expect(target.getResponse() == Array(Self.response(10)))
  }

  // MARK: Busy

  @Test func whileTheBMCWorksNothingIsAcknowledged() {
    for isTaken in [false, true] {
      var target = Self.enabled
      #expect(target.putRequest([0x18, 0x01]) == true)
      if isTaken { #expect(target.takeRequest(now: 0) != nil) }
      #expect(target.isBusy)
      for command in UInt8.min...UInt8.max {
        #expect(target.put([command, 2, 0x18, 0x02], now: 499_999_999) == nil)
        #expect(target.get([command], now: 499_999_999) == nil)
      }
      if !isTaken { #expect(target.takeRequest(now: 0) != nil) }
      #expect(target.respond(Self.response(5), now: 499_999_999) == true)
      #expect(target.getResponse(now: 499_999_999) == Array(Self.response(5)))
    }
  }

  @Test func after500MillisecondsTheRequestIsGivenUp() {
    var target = Self.enabled
    let start: UInt64 = 7_000_000_000
    #expect(target.putRequest([0x18, 0x01], now: start) == true)
    #expect(target.takeRequest(now: start) != nil)
    let end = start + 500_000_000
    let accepted = target.respond(Self.response(5), now: end)
    #expect(!accepted, "write() returns EINVAL")
    #expect(target.phase == .aborting && !target.isBusy)
    #expect(target.get([0x03], now: end) == nil)
    #expect(target.put([0x07, 1, 0], now: end) == 0)
    #expect(works(&target, now: end))
  }

  @Test func aRequestThatIsNotTakenInTimeIsGone() {
    var target = Self.enabled
    #expect(target.putRequest([0x18, 0x01]) == true)
    #expect(target.takeRequest(now: 500_000_000) == nil)
    #expect(works(&target, now: 500_000_000))
  }

  /// The answer to a request that was given up must not reach the next one.
  @Test func aLateAnswerIsRefused() {
    var target = Self.enabled
    #expect(target.putRequest([0x18, 0x01]) == true)
    #expect(target.takeRequest(now: 0) != nil)
    #expect(target.putRequest([0x18, 0x04], now: 600_000_000) == true)
    let accepted = target.respond(Self.response(5), now: 600_000_000)
    #expect(!accepted && target.isBusy)
    #expect(target.takeRequest(now: 600_000_000).map { Array($0) } == [0x18, 0x04])
  }

  @Test(arguments: [0, 1, 2]) func aResponseTooShortIsRefused(count: Int) {
    var target = Self.enabled
    #expect(target.putRequest([0x18, 0x01]) == true)
    #expect(target.takeRequest(now: 0) != nil)
    let bytes = [UInt8](repeating: 0, count: count)
    let accepted = target.respond(FixedBytes<300>(bytes.span)!, now: 0)
    #expect(!accepted && target.isBusy)
    let answered = target.respond(Self.response(3), now: 0)
    let answeredTwice = target.respond(Self.response(4), now: 0)
    #expect(answered && !answeredTwice)
    #expect(target.getResponse()?.count == 3)
  }

  @Test func aTargetThatIsNotEnabledIsNotThere() {
    var target = SSIFTarget()
    #expect(target.put([0x02, 2, 0x18, 0x01]) == nil)
    #expect(target.get([0x03]) == nil)
    target.enables = .alert
    target.setAttention(true)
    #expect(!target.alert && target.alertResponse() == nil)
  }

  // MARK: Every abort point

  /// A STOP after every number of bytes of every part: nothing of the request arrives, and the next
  /// one does.
  @Test(arguments: [2, 3, 31, 32, 33, 63, 64, 65, 96, 254])
  func aStopAfterAnyByteDropsTheRequest(count: Int) {
    for withPEC in [false, true] {
      let parts = Transfer.request(Self.message(count), withPEC: withPEC)
      for (index, part) in parts.enumerated() {
        for cut in 0..<part.count {
          // Without its PEC a part is whole, of a host that sends none.
          if withPEC, cut == part.count - 1 { continue }
          var target = Self.enabled
          for part in parts[..<index] { #expect(target.put(part) == part.count) }
          #expect(target.put(Array(part[..<cut])) == cut)
          #expect(target.takeRequest(now: 0) == nil)
          #expect(target.phase == (cut > 0 ? .aborting : index > 0 ? .assembling : .idle))
          // Whatever of the request follows is not taken for one.
          for part in parts[(index + 1)...] where cut > 0 { #expect(target.put(part) == 0) }
          #expect(target.takeRequest(now: 0) == nil)
          #expect(works(&target), "\(withPEC), part \(index), \(cut) bytes")
        }
      }
    }
  }

  /// A repeated START in place of the STOP.
  @Test func aRepeatedStartWithinAPartDropsTheRequest() {
    let part = Transfer.write(0x02, Self.message(8), withPEC: false)
    for direction in [SMBusDirection.write, .read] {
      for cut in 1...part.count {
        var target = Self.enabled
        #expect(target.start(.write, now: 0) == true)
        for byte in part[..<cut] { #expect(target.write(byte) == true) }
        #expect(target.start(direction, now: 0) == (direction == .write))
        target.stop(now: 0)
        #expect(target.takeRequest(now: 0) == nil)
        #expect(works(&target))
      }
    }
  }

  /// A host that leaves a block of the response after any byte.
  @Test(arguments: [3, 32, 33, 62, 254]) func aStopAfterAnyByteOfAResponseLosesNothing(count: Int) {
    for cut in 0...34 {
      for parts in 0..<9 {
        var target = Self.responding(count)
        if parts > 0 { _ = target.get([0x03]) }
        for _ in 0..<max(0, parts - 1) { _ = target.get([0x09]) }
        #expect(target.start(.write, now: 0) == true)
        #expect(target.write(parts == 0 ? 0x03 : 0x09) == true)
        if target.start(.read, now: 0) { for _ in 0..<cut { _ = target.read() } }
        target.stop(now: 0)
        #expect(target.getResponse() == Array(Self.response(count)))
        #expect(works(&target))
      }
    }
  }

  // MARK: Wrong parts

  @Test(arguments: [0x07, 0x08] as [UInt8]) func aPartNeedsAStart(command: UInt8) {
    // Out of reset, with a response, and after a whole request of one part.
    for var target in [Self.enabled, Self.responding(5)] {
      #expect(target.put(Transfer.write(command, Self.message(8), withPEC: true)) == 0)
      #expect(target.takeRequest(now: 0) == nil)
      #expect(works(&target))
      #expect(target.put(Transfer.write(command, Self.message(8), withPEC: true)) == 0)
      #expect(works(&target))
    }
  }

  @Test func aPartThatIsNotTheHostsLosesNoResponse() {
    var target = Self.responding(40)
    for command in UInt8.min...UInt8.max
    where ![0x02, 0x03, 0x06, 0x09, 0x0A].contains(command) {
      #expect(target.put([command, 1, 0]) == 0)
      #expect(target.get([command]) == nil)
    }
    #expect(target.getResponse() == Array(Self.response(40)))
  }

  @Test func anotherStartBeginsAnew() {
    for first in [0x02, 0x06] as [UInt8] {
      var target = Self.enabled
      let message = Self.message(64)
      #expect(
        target.put(Transfer.write(0x06, [UInt8](repeating: 9, count: 32), withPEC: true)) == 35)
      #expect(target.put(Transfer.write(first, Array(message[..<32]), withPEC: true)) == 35)
      if first == 0x06 {
        #expect(target.takeRequest(now: 0) == nil)
        #expect(target.put(Transfer.write(0x08, Array(message[32...]), withPEC: true)) == 35)
      }
      let expected = first == 0x02 ? Array(message[..<32]) : message
      #expect(target.takeRequest(now: 0).map { Array($0) } == expected)
    }
  }

  @Test func aCountOfMoreThan32IsRefused() {
    for count in UInt8(33)...255 {
      var target = Self.enabled
      #expect(target.put([0x02, count] + [UInt8](repeating: 0, count: Int(count))) == 1)
      #expect(target.takeRequest(now: 0) == nil)
      if count % 16 == 0 { #expect(works(&target)) }
    }
  }

  /// More bytes than the count says: one is taken for a PEC, any other one is too many.
  @Test func bytesBehindThePECAreRefused() {
    var target = Self.enabled
    let part = Transfer.write(0x02, Self.message(4), withPEC: true)
    #expect(target.put(part + [0]) == part.count)
    #expect(target.takeRequest(now: 0) == nil)
    #expect(works(&target))
  }

  /// Fewer than two bytes are no request, and nothing that could be answered.
  @Test(arguments: [0, 1]) func aRequestWithoutACommandIsDropped(count: Int) {
    for withPEC in [false, true] {
      var target = Self.enabled
      let part = Transfer.write(0x02, Array(Self.message(2)[..<count]), withPEC: withPEC)
      #expect(target.put(part) == part.count)
      #expect(target.takeRequest(now: 0) == nil && !target.isBusy)
      #expect(works(&target))
    }
  }

  /// Hosts end a request whose parts are all full with an empty one, which SMBus forbids.
  @Test(arguments: [0x07, 0x08] as [UInt8]) func anEndOfZeroBytesIsUnderstood(command: UInt8) {
    for withPEC in [false, true] {
      for wholeParts in 1...7 {
        var target = Self.enabled
        let message = Self.message(32 * wholeParts)
        for index in 0..<wholeParts {
          let block = Array(message[(index * 32)..<(index * 32 + 32)])
          let part = Transfer.write(index == 0 ? 0x06 : 0x07, block, withPEC: withPEC)
          #expect(target.put(part) == part.count)
        }
        #expect(target.takeRequest(now: 0) == nil)
        let end = Transfer.write(command, [], withPEC: withPEC)
        #expect(target.put(end) == end.count)
        #expect(target.takeRequest(now: 0).map { Array($0) } == message)
      }
    }
  }

  /// Hosts that do not know 08h end a request with a part of 07h that is not full.
  @Test func aShortPartInTheMiddleIsTheEnd() {
    for count in 33...63 {
      var target = Self.enabled
      let message = Self.message(count)
      #expect(target.put(Transfer.write(0x06, Array(message[..<32]), withPEC: false)) == 34)
      let end = Transfer.write(0x07, Array(message[32...]), withPEC: false)
      #expect(target.put(end) == end.count)
      #expect(target.takeRequest(now: 0).map { Array($0) } == message)
    }
  }

  // MARK: SMBALERT#

  @Test func theAlertSaysThatThereIsAResponse() {
    var target = Self.responding(40)
    #expect(!target.alert, "not enabled")
    target.enables.insert(.alert)
    #expect(target.alert)
    #expect(target.alertResponse() == 0x20)
    #expect(!target.alert && target.alertResponse() == nil)
  }

  @Test func theAlertEndsWithTheLastByteOfTheResponse() {
    var target = Self.responding(40)
    target.enables.insert(.alert)
    #expect(target.get([0x03]) != nil)
    #expect(target.alert)
    #expect(target.get([0x09]) != nil)
    #expect(!target.alert)
  }

  @Test func theAlertEndsWithTheNextRequest() {
    var target = Self.responding(40)
    target.enables.insert(.alert)
    #expect(target.alert)
    #expect(target.putRequest([0x18, 0x01]) == true)
    #expect(!target.alert)
  }

  @Test func theAlertSaysOnceThatThereIsAttention() {
    var target = Self.enabled
    target.enables.insert(.alert)
    target.setAttention(true)
    #expect(target.alert && target.attention)
    #expect(target.alertResponse() == 0x20)
    target.setAttention(true)
    #expect(!target.alert && target.attention)
    target.setAttention(false)
    #expect(!target.alert && !target.attention)
    target.setAttention(true)
    #expect(target.alert)
    target.setAttention(false)
    #expect(!target.alert, "withdrawn before anyone looked")
  }

  @Test func theAddressIsSevenBits() {
    #expect(SSIFTarget().address == 0x10)
    #expect(SSIFTarget(address: 0xFF).address == 0x7F)
    var target = SSIFTarget(address: 0x42)
    target.enables = [.address, .alert]
    target.setAttention(true)
    #expect(target.alertResponse() == 0x84)
    // The address is part of the PEC.
    let bytes: [UInt8] = [0x02, 2, 0x18, 0x01]
    #expect(target.put(bytes + [Transfer.code([0x20] + bytes)]) == 4)
    #expect(target.put(bytes + [Transfer.code([0x84] + bytes)]) == 5)
    #expect(target.takeRequest(now: 0) != nil)
  }

  // MARK: Bad input

  /// Any event on the bus, in any order: then a good request is answered.
  @Test func randomEventsNeverBlockTheTarget() {
    var random = SplitMix64(seed: 0x5353_4946)
    var target = Self.enabled
    var now: UInt64 = 0
    var answered = 0
    for round in 0..<4_000 {
      for _ in 0..<50 {
        let draw = random.next()
        let byte = UInt8(truncatingIfNeeded: draw >> 8)
        switch draw & 15 {
        case 0: _ = target.start(.write, now: now)
        case 1: _ = target.start(.read, now: now)
        case 2: target.stop(now: now)
        // Command codes and small counts more often than chance would have them.
        case 3, 4: _ = target.write(byte & 15)
        case 5, 6, 7: _ = target.write(byte)
        case 8, 9: _ = target.read()
        case 10:
          _ = target.put(
            Transfer.write(byte & 15, Self.message(Int(byte >> 3) + 1), withPEC: byte & 16 != 0),
            now: now)
        case 11: _ = target.get([byte & 15], now: now)
        case 12: _ = target.takeRequest(now: now)
        case 13:
          if target.respond(Self.response(3 + Int(byte)), now: now) { answered += 1 }
        case 14:
          now += draw >> 36
          _ = target.alertResponse()
        default:
          target.setAttention(byte & 1 != 0)
          target.enables = SSIFTarget.Enables(rawValue: byte >> 1 & 3 | 1)
        }
        #expect(target.alertResponse() == nil || target.enables.contains(.alert))
      }
      target.enables.insert(.address)
      target.stop(now: now)
      if target.isBusy { now += 500_000_000 }
      #expect(works(&target, now: now), "round \(round), \(random)")
    }
    #expect(answered > 100, "\(random)")
  }

  // MARK: Saved states

  /// Saved and restored between any two bytes of a transaction.
  @Test func everyMomentComesBack() {
    var target = SSIFTarget(address: 0x10)
    target.enables = [.address, .alert]
    var moments = 0
    func moment(_ target: inout SSIFTarget) {
      let bytes = StateBytes(saving: target, now: 5).bytes
      var copy = SSIFTarget()
      #expect(StateBytes.restore(&copy, from: bytes, now: 5))
      #expect(StateBytes(saving: copy, now: 5).bytes == bytes)
      target = copy
      moments += 1
    }
    for part in Transfer.request(Self.message(70), withPEC: true) {
      #expect(target.start(.write, now: 5) == true)
      for byte in part {
        moment(&target)
        #expect(target.write(byte) == true)
      }
      moment(&target)
      target.stop(now: 5)
    }
    moment(&target)
    #expect(target.takeRequest(now: 5).map { Array($0) } == Self.message(70))
    moment(&target)
    #expect(target.respond(Self.response(70), now: 5) == true)
    var response: [UInt8] = []
    for (command, count) in [(0x03, 33), (0x09, 33), (0x09, 11)] as [(UInt8, Int)] {
      moment(&target)
      #expect(target.start(.write, now: 5) == true)
      #expect(target.write(command) == true)
      moment(&target)
      #expect(target.start(.read, now: 5) == true)
      for _ in 0..<count {
        moment(&target)
        response.append(target.read())
      }
      target.stop(now: 5)
    }
    #expect(response[3..<33] + response[35..<66] + response[68...] == Array(Self.response(70))[...])
    #expect(moments > 150)
  }

  /// Bytes that are not a state are rejected, or make a target that works.
  @Test func damagedStatesNeverCrash() {
    var random = SplitMix64(seed: 0x5344)
    var rejected = 0
    for _ in 0..<3_000 {
      var bytes = StateBytes(saving: Self.responding(50, withPEC: true)).bytes
      for _ in 0..<1 + random.next() % 4 {
        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      var target = Self.enabled
      guard StateBytes.restore(&target, from: bytes) else {
        rejected += 1
        continue
      }
      _ = (target.read(), target.write(0x11), target.getResponse(), target.get([0x09]))
      target.enables = .address
      target.responseTimeout = SSIFTarget.defaultResponseTimeout
      target.stop(now: 0)
      #expect(works(&target, now: .max / 2), "\(random)")
    }
    #expect(rejected > 100)
  }
}
