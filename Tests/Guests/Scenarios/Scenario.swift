/// Something that happens on a link, and what has to come of it.
struct Scenario: Sendable {
  /// The row in the table.
  var name: String
  /// Whether it is part of what every run of the tests does.
  var isCore = false
  /// Whether it is about KCS, and not about BT.
  var isOfKCS = false
  /// Does it, and says in a few words what came of it; throws where that is not as it should be.
  var run: @Sendable (Rig) throws -> String

  /// Whether it can happen on this link.
  func applies(to link: Link) -> Bool { !isOfKCS || link.responder != "ibt" }

  /// All of them, in the order of the table.
  static let all = traffic + program + restarts + wire + timing
}
