import CRegisterLink
import Foundation
import RegisterLink
import RegisterLinkFile
import TestSupport
import Testing

/// The file and its doorbells: who may join, and what is said to who may not.
@Suite struct LinkFileTests {
  @Test func theTwoSidesSeeTheSameWords() throws {
    let link = try TemporaryLink()
    let (bmc, host) = (try link.join(.bmc), try link.join(.host))
    bmc.store(7, to: LinkWord.bt)
    var expected: UInt64 = 6
    #expect(!host.compareExchange(LinkWord.bt, expected: &expected, 8))
    #expect(expected == 7)
    #expect(host.compareExchange(LinkWord.bt, expected: &expected, 8))
    #expect(bmc.load(LinkWord.bt) == 8)
    bmc.leave()
    host.leave()
  }

  /// The header is for other emulators; both have the same numbers.
  @Test func theHeaderSaysWhereTheWordsAre() {
    func word(_ path: PartialKeyPath<ihb_link_words>) -> Int {
      MemoryLayout<ihb_link_words>.offset(of: path)! / 8
    }
    #expect(LinkWord.bmcGeneration == word(\.bmc_generation))
    #expect(LinkWord.hostGeneration == word(\.host_generation))
    #expect(LinkWord.kcs(1) == word(\.kcs))
    #expect(LinkWord.kcsDecode(4) == word(\.kcs) + 7)
    #expect(LinkWord.bt == word(\.bt))
    #expect(LinkWord.btDecode == word(\.bt_decode))
    #expect(LinkWord.count == MemoryLayout<ihb_link_words>.size / 8)
  }

  @Test func aSideIsThereOnce() throws {
    let link = try TemporaryLink()
    let bmc = try link.join(.bmc)
    #expect(refusal(link, .bmc) == "another emulator has joined it as the BMC")
    let host = try link.join(.host)
    #expect(refusal(link, .host) == "another emulator has joined it as the host")
    bmc.leave()
    let again = try link.join(.bmc)
    #expect(again.load(LinkWord.bmcGeneration) == 2)
    #expect(again.load(LinkWord.hostGeneration) == 1)
    again.leave()
    host.leave()
  }

  @Test func theFilesAreThisUsersAlone() throws {
    let link = try TemporaryLink()
    let bmc = try link.join(.bmc)
    defer { bmc.leave() }
    for path in [link.path, link.path + ".bmc", link.path + ".host"] {
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect(attributes[.posixPermissions] as? Int == 0o600, "\(path)")
    }
  }

  @Test func aDoorbellRingsUntilItIsDrained() throws {
    let link = try TemporaryLink()
    let (bmc, host) = (try link.join(.bmc), try link.join(.host))
    #expect(!isRinging(bmc))
    // A pipe holds 64 KiB; more must not stop who rings.
    for _ in 0..<100_000 { host.ring() }
    #expect(isRinging(bmc) && !isRinging(host))
    for _ in 0..<200 { bmc.drain() }
    #expect(!isRinging(bmc))
    bmc.drain()
    // What rang for the one who was there before is not for who joins.
    host.ring()
    bmc.leave()
    let again = try link.join(.bmc)
    #expect(!isRinging(again))
    again.leave()
    host.leave()
  }

  /// Something that is no link, and what is said of it.
  @Test(arguments: [
    (
      Data("a text".utf8),
      "something else is there: give the path of a link, or one where nothing is"
    ),
    (
      Data(repeating: 0x55, count: 4096),
      "something else is there: give the path of a link, or one where nothing is"
    ),
    (
      Data("IHB-LINK\u{2}".utf8) + Data(repeating: 0, count: 4096 - 9),
      "it has version 2 of the layout, this side 1: let no side use it, and remove it"
    ),
  ])
  func whatIsNoLinkIsRefusedAndLeftAlone(_ contents: Data, _ message: String) throws {
    let link = try TemporaryLink()
    try contents.write(to: URL(fileURLWithPath: link.path))
    #expect(refusal(link, .host) == message)
    #expect(try Data(contentsOf: URL(fileURLWithPath: link.path)) == contents)
  }

  @Test func placesThatCannotBeJoinedAreRefused() throws {
    let link = try TemporaryLink()
    try FileManager.default.createDirectory(
      atPath: link.path, withIntermediateDirectories: false)
    #expect(refusal(link, .bmc)?.hasPrefix("it cannot be opened: ") == true)
    let pipe = try TemporaryLink()
    let made = unsafe mkfifo(pipe.path, 0o600)
    #expect(made == 0)
    #expect(refusal(pipe, .bmc)?.hasPrefix("something else is there") == true)
    let blocked = try TemporaryLink()
    try Data().write(to: URL(fileURLWithPath: blocked.path + ".host"))
    #expect(
      refusal(blocked, .bmc)
        == "something else is where its doorbell should be: remove that")
  }

  private func refusal(_ link: TemporaryLink, _ side: MappedLink.Side) -> String? {
    do {
      try link.join(side).leave()
      return nil
    } catch {
      return "\(error)"
    }
  }

  private func isRinging(_ link: MappedLink) -> Bool {
    var wait = pollfd(fd: link.doorbell, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&wait, 1, 0) == 1
  }
}
