import IPMI
import VMProtocol

/// A host that asks what a script has, one request after the other.
final class ScriptHost: HostPeer {
  private let script: HostScript
  private let report: (HostScript.Result) -> Void
  private var decoder = VMDecoder(role: .vm)
  private var outgoing: [UInt8] = []
  private var hasConnected = false
  /// The request that is open; ``HostScript/steps``' end where all are answered.
  private var index = -1

  /// - Parameter report: called with every answer.
  init(_ script: HostScript, report: @escaping (HostScript.Result) -> Void) {
    self.script = script
    self.report = report
  }

  var isDone: Bool { hasConnected && index >= script.steps.count }

  func descriptors(hasOutput: Bool) -> [Descriptor] { [] }

  func takeConnectionChange() -> ConnectionChange? {
    guard !hasConnected else { return nil }
    hasConnected = true
    sendNext()
    return .connected
  }

  func take(_ count: Int) -> [UInt8] {
    defer { outgoing.removeFirst(min(count, outgoing.count)) }
    return Array(outgoing.prefix(count))
  }

  func give(_ bytes: [UInt8]) -> Int {
    for byte in bytes {
      guard case .message(let id, let message)? = decoder.feed(byte),
        id == UInt8(truncatingIfNeeded: index), script.steps.indices.contains(index)
      else { continue }
      report(HostScript.Result(number: index + 1, step: script.steps[index], response: message))
      sendNext()
    }
    return bytes.count
  }

  private func sendNext() {
    index += 1
    guard index < script.steps.count else { return }
    var output = VMOutput<1024>()
    _ = output.append(id: UInt8(truncatingIfNeeded: index), message: script.steps[index].request)
    var frame = FixedBytes<1024>()
    output.copy(into: &frame)
    for position in 0..<frame.count { outgoing.append(frame[position]) }
  }
}
