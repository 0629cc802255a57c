import CharacterDevice

/// What `--abuse list` says: each name, what the host does, what the driver makes of it.
enum AbuseList {
  static var text: String {
    let kinds: [(kind: DeviceKind, title: String)] = [(.kcs, "KCS"), (.bt, "BT"), (.ssif, "SSIF")]
    let sections = kinds.map { kind, title in
      let entries = Abuse.all.filter { $0.kind == kind }.map { abuse in
        """
          \(abuse.name)
            The host \(abuse.summary).
            The driver: \(abuse.rule) (\(abuse.source)).
        """
      }
      return "\(title), \(kind.driverSource) of Linux 6.12\n\n" + entries.joined(separator: "\n\n")
    }
    return sections.joined(separator: "\n\n")
  }
}
