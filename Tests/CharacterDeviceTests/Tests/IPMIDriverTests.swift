import IPMI
import Testing

@testable import CharacterDevice

/// What `/dev/ipmiN` keeps for each of those that have it open.
@Suite struct IPMIDriverTests {
  @Test func answersReachThoseWhoAsked() {
    var driver = IPMIDriver()
    let first = driver.open()
    let second = driver.open()
    driver.send(Message(.getDeviceID), number: 7, from: first)
    driver.send(Message(.getSelfTestResults), number: 7, from: second)
    let sent = driver.takeRequest(now: 0)
    #expect(sent?.1 == Message(.getDeviceID))
    // One at a time.
    #expect(driver.takeRequest(now: 0) == nil)
    let response = Message(respondingTo: Message(.getDeviceID))
    driver.answer(sent!.id &+ 1, response)
    #expect(driver.poll(first) == [])
    driver.answer(sent!.id, response)
    #expect(driver.poll(first) == .input)
    #expect(driver.poll(second) == [])
    #expect(driver.takeWoken() == [first])
    #expect(driver.takeRequest(now: 0)?.1 == Message(.getSelfTestResults))
    // What does not fit stays.
    #expect(driver.receive(first) { _ in false }?.fits == false)
    let received = driver.receive(first) { _ in true }
    #expect(received?.0 == IPMIDriver.Received(number: 7, response: response))
    #expect(driver.receive(first) { _ in true } == nil)
  }

  @Test func silentBMCIsATimeoutAndAnAbsentOneFailsAtOnce() {
    var driver = IPMIDriver()
    let owner = driver.open()
    for number in 1...3 { driver.send(Message(.getDeviceID), number: number, from: owner) }
    _ = driver.takeRequest(now: 10)
    #expect(driver.deadline == 5_000_000_010)
    driver.advance(now: 5_000_000_009)
    #expect(driver.poll(owner) == [])
    driver.advance(now: 5_000_000_010)
    #expect(driver.receive(owner) { _ in true }?.0.response.completionCode == .timeout)
    driver.fail(.responseNotProvided)
    for number in 2...3 {
      let received = driver.receive(owner) { _ in true }
      #expect(received?.0.number == number)
      #expect(received?.0.response.completionCode == .responseNotProvided)
    }
    #expect(driver.deadline == nil)
  }

  @Test func closedFileTakesNoAnswer() {
    var driver = IPMIDriver()
    let owner = driver.open()
    driver.send(Message(.getDeviceID), number: 1, from: owner)
    driver.send(Message(.getDeviceID), number: 2, from: owner)
    let id = driver.takeRequest(now: 0)!.id
    driver.release(owner)
    driver.answer(id, Message(respondingTo: Message(.getDeviceID)))
    #expect(driver.takeWoken() == [])
    #expect(driver.takeRequest(now: 0) == nil)
  }

  // MARK: Events

  /// What the driver asks next, with its id.
  private static func request(_ driver: inout IPMIDriver) -> (id: UInt8, bytes: [UInt8])? {
    driver.takeRequest(now: 0).map { id, message in
      (id, (0..<message.count).map { message.bytes[$0] })
    }
  }

  /// Answers what it asks, which must be `wanted`, with `code` and `data`.
  private static func serve(
    _ driver: inout IPMIDriver, _ wanted: [UInt8], _ code: CompletionCode = .success,
    _ data: [UInt8] = []
  ) {
    guard let (id, bytes) = request(&driver) else {
      Issue.record("\(wanted) was not asked")
      return
    }
    #expect(bytes == wanted)
    var response = Message(respondingTo: Message(bytes.span)!, code)
    for byte in data { response.append(byte) }
    driver.answer(id, response)
  }

  private static func event(_ number: UInt8) -> [UInt8] { [UInt8](repeating: number, count: 16) }

  @Test func attentionFetchesEventsUntilThereAreNone() {
    var driver = IPMIDriver()
    let first = driver.open()
    let second = driver.open()
    let other = driver.open()
    for owner in [first, second] { driver.setGetsEvents(true, owner) }
    // The buffer is switched on, what else is on stays.
    Self.serve(&driver, [0x18, 0x2F], .success, [0x08])
    Self.serve(&driver, [0x18, 0x2E, 0x0C])
    #expect(Self.request(&driver) == nil)
    driver.attention()
    // The watchdog's flag is cleared before.
    Self.serve(&driver, [0x18, 0x31], .success, [0x0A])
    Self.serve(&driver, [0x18, 0x30, 0x08])
    for number: UInt8 in 1...3 { Self.serve(&driver, [0x18, 0x35], .success, Self.event(number)) }
    Self.serve(&driver, [0x18, 0x35], CompletionCode(rawValue: 0x80))
    #expect(Self.request(&driver) == nil)
    for owner in [first, second] {
      for number: UInt8 in 1...3 {
        let received = driver.receive(owner) { _ in true }?.0
        #expect(received?.isEvent == true)
        #expect(received?.number == 0)
        #expect(received?.response.data(0) == number)
      }
      #expect(driver.poll(owner) == [])
    }
    #expect(driver.poll(other) == [])
  }

  @Test func eventsThatNobodyWantsAreKeptForTheFirst() {
    var driver = IPMIDriver()
    let owner = driver.open()
    driver.attention()
    Self.serve(&driver, [0x18, 0x31], .success, [0x02])
    for number: UInt8 in 1...30 { Self.serve(&driver, [0x18, 0x35], .success, Self.event(number)) }
    Self.serve(&driver, [0x18, 0x35], CompletionCode(rawValue: 0x80))
    #expect(driver.poll(owner) == [])
    driver.setGetsEvents(true, owner)
    for number in 1...IPMIDriver.eventCapacity {
      #expect(driver.receive(owner) { _ in true }?.0.response.data(0) == UInt8(number))
    }
    #expect(driver.receive(owner) { _ in true } == nil)
  }

  @Test func bmcThatNeverRunsOutOfEventsKeepsNobodyOff() {
    var driver = IPMIDriver()
    let owner = driver.open()
    driver.setGetsEvents(true, owner)
    Self.serve(&driver, [0x18, 0x2F], .success, [0x04])
    driver.attention()
    Self.serve(&driver, [0x18, 0x31], .success, [0x02])
    for number in 1...200 {
      driver.send(Message(.getSelfTestResults), number: number, from: owner)
      Self.serve(&driver, [0x18, 0x04])
      Self.serve(&driver, [0x18, 0x35], .success, Self.event(1))
    }
    var answers = 0
    var events = 0
    while let (received, _) = driver.receive(owner, fits: { _ in true }) {
      if received.isEvent { events += 1 } else { answers += 1 }
    }
    #expect(answers == 200)
    #expect(events <= IPMIDriver.eventCapacity)
  }

  @Test(arguments: [CompletionCode.timeout, .invalidCommand])
  func errorEndsWhatAttentionBegan(_ code: CompletionCode) {
    var driver = IPMIDriver()
    let owner = driver.open()
    driver.attention()
    Self.serve(&driver, [0x18, 0x31], code)
    #expect(Self.request(&driver) == nil)
    driver.send(Message(.getDeviceID), number: 1, from: owner)
    Self.serve(&driver, [0x18, 0x01])
    #expect(driver.poll(owner) == .input)
  }
}
