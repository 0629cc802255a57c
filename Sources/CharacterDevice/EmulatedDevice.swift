import SystemInterfaces

/// Which driver a device's file is of.
public enum DeviceKind: String, CaseIterable, Sendable {
  case kcs, bt, ssif, rawKCS

  /// The message in what is read from the file or written to it: NetFn/LUN, command and what follows;
  /// `nil` where the bytes are none.
  public func message(in bytes: [UInt8]) -> [UInt8]? {
    switch self {
    case .kcs: bytes.count >= 2 ? bytes : nil
    // The length, and the sequence number behind NetFn/LUN.
    case .bt: bytes.count >= 4 ? [bytes[1]] + bytes[3...] : nil
    case .ssif: bytes.count >= 6 ? Array(bytes[4...]) : nil
    case .rawKCS: nil
    }
  }
}

/// Who is the host of a device.
public enum HostEnd: Sendable {
  /// Whoever connects to a Unix socket and speaks OpenIPMI's VM protocol: QEMU's `ipmi-bmc-extern`.
  case socket(path: String)
  /// A host that asks what a script has; each answer is reported.
  case script(HostScript, report: @Sendable (HostScript.Result) -> Void)
  /// A host that misbehaves in each of these ways, those of the device's kind.
  case abuse([Abuse], report: @Sendable (Abuse, Abuse.Verdict) -> Void)
}

/// A device that a program finds in its /dev.
public struct EmulatedDevice: Sendable {
  public let kind: DeviceKind
  /// The file's name below /dev, such as "ipmi-kcs3".
  public let name: String
  public let host: HostEnd

  /// - Throws: where `name` is not that of a file in /dev itself.
  public init(_ kind: DeviceKind, name: String, host: HostEnd) throws(DeviceError) {
    guard !name.isEmpty, name.utf8.count < 200, !name.contains("/"), name != ".", name != "..",
      !name.utf8.contains(0)
    else {
      throw DeviceError("\"\(name)\" names no file in /dev; write ipmi-kcs3 for /dev/ipmi-kcs3")
    }
    self.kind = kind
    self.name = name
    self.host = host
  }

  /// Its file and its host, which listens from now on.
  func served(_ observer: @escaping @Sendable (DeviceEvent) -> Void) throws -> any ServedDevice {
    let peer: any HostPeer
    switch host {
    case .socket(let path): peer = try SocketHost(path: path)
    case .script(let script, let report): peer = ScriptHost(script, report: report)
    case .abuse(let abuses, let report): return try served(abuses, report, observer)
    }
    return switch kind {
    case .kcs: DeviceFile<KCSDriver, KCSHost>(KCSHost(), peer, observer: observer)
    case .bt: DeviceFile<BTDriver, BTHost>(BTHost(), peer, observer: observer)
    case .ssif: DeviceFile<SSIFDriver, SSIFHost>(SSIFHost(), peer, observer: observer)
    case .rawKCS:
      DeviceFile<RawKCSDriver, KCSHost>(KCSHost(), peer, hasPositions: true, observer: observer)
    }
  }

  private func served(
    _ abuses: [Abuse], _ report: @escaping @Sendable (Abuse, Abuse.Verdict) -> Void,
    _ observer: @escaping @Sendable (DeviceEvent) -> Void
  ) throws -> any ServedDevice {
    let own = abuses.filter { $0.kind == kind }
    guard !own.isEmpty else {
      throw DeviceError("/dev/\(name): none of these abuses is of its kind, \(kind.rawValue)")
    }
    return switch kind {
    case .kcs, .rawKCS:
      DeviceFile<KCSDriver, KCSHost>(KCSHost(), own, report: report, observer: observer)
    case .bt: DeviceFile<BTDriver, BTHost>(BTHost(), own, report: report, observer: observer)
    case .ssif:
      DeviceFile<SSIFDriver, SSIFHost>(SSIFHost(), own, report: report, observer: observer)
    }
  }
}
