import CharacterDevice

/// How often a program did what with its device.
struct DeviceTally: CustomStringConvertible {
  private var counts: [(what: String, count: Int)] = []
  /// NetFn/LUN and command of the request read last.
  private var request: ArraySlice<UInt8>?

  mutating func count(_ event: DeviceEvent, of kind: DeviceKind) {
    count(Self.name(of: event))
    switch event {
    case .read(let bytes): request = kind.message(in: bytes)?.prefix(2)
    case .wrote(let bytes):
      if !isAnswer(kind.message(in: bytes), kind) { count("answers to another request") }
    default: break
    }
  }

  mutating func removeAll() { counts = [] }

  private static func name(of event: DeviceEvent) -> String {
    switch event {
    case .opened(let error): error.map { "open: \($0.symbol)" } ?? "opens"
    case .released: "closes"
    case .read: "requests read"
    case .readFailed(let error): "read: \(error.symbol)"
    case .wrote: "answers written"
    case .writeFailed(_, let error): "write: \(error.symbol)"
    case .control(let request, let error):
      "ioctl \(String(request, radix: 16))h" + (error.map { ": \($0.symbol)" } ?? "")
    }
  }

  /// Whether an answer has the request's NetFn, odd, its LUN and its command. One request is open at a
  /// time but with BT, whose answers have numbers.
  private func isAnswer(_ message: [UInt8]?, _ kind: DeviceKind) -> Bool {
    guard let request, request.count == 2, let message, kind == .kcs || kind == .ssif else {
      return true
    }
    return message[0] == request[request.startIndex] | 4
      && message[1] == request[request.startIndex + 1]
  }

  private mutating func count(_ what: String) {
    if let index = counts.firstIndex(where: { $0.what == what }) {
      counts[index].count += 1
    } else {
      counts.append((what, 1))
    }
  }

  var description: String {
    counts.isEmpty
      ? "nothing" : counts.map { "\($0.count) \($0.what)" }.joined(separator: ", ")
  }
}
