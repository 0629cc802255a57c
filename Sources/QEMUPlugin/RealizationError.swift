import BMCPeripherals
import CQEMU

/// Why a device cannot be realized: one line for QEMU to print after the `-device` it is about.
struct RealizationError: Error {
  private var text: [CChar] = []

  /// A piece of the line.
  @safe enum Part: ExpressibleByStringLiteral {
    case literal(StaticString)
    case string(UnsafePointer<CChar>)
    case machine(type: UnsafePointer<CChar>)
    case number(Int64)
    case responders([Responder])
    case machines([SoC])

    init(stringLiteral value: StaticString) {
      self = .literal(value)
    }
  }

  init(_ parts: Part...) {
    for part in parts {
      switch part {
      case .literal(let value):
        append(value)
      case .string(let value):
        unsafe append(cString: value)
      case .machine(let type):
        // QOM calls it virt-machine, -M just virt.
        unsafe append(cString: type)
        text.removeLast(8)
      case .number(let value):
        append(value)
      case .responders(let responders):
        for index in responders.indices {
          if index > 0 { append(", ") }
          append(responders[index].name)
        }
      case .machines(let socs):
        for index in socs.indices {
          if index > 0 { append(", ") }
          append(socs[index].machines)
        }
      }
    }
  }

  private mutating func append(_ value: StaticString) {
    value.withUTF8Buffer { bytes in
      for index in bytes.indices { unsafe text.append(CChar(bitPattern: bytes[index])) }
    }
  }

  private mutating func append(cString value: UnsafePointer<CChar>) {
    var next = unsafe value
    while unsafe next.pointee != 0 {
      unsafe text.append(next.pointee)
      unsafe next += 1
    }
  }

  private mutating func append(_ value: Int64) {
    if value > 9 { append(value / 10) }
    text.append(CChar(truncatingIfNeeded: 48 + value % 10))
  }

  /// Prints the line where QEMU's own errors go, of a device that goes on without.
  func report() {
    unsafe (text + [0]).withUnsafeBufferPointer { unsafe cqemu_report($0.baseAddress!) }
  }

  /// Stores the line where QEMU looks for it.
  func set(_ error: UnsafeMutablePointer<UnsafeMutableRawPointer?>?) {
    unsafe (text + [0]).withUnsafeBufferPointer { characters in
      unsafe cqemu_set_error(error, characters.baseAddress!)
    }
  }
}
