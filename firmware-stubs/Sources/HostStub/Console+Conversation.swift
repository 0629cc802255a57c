import HostPeripherals
import IPMI

/// The lines of a conversation.
extension Console {
  /// A line such as `host: KCS at 0CA2h, status 00h`.
  mutating func write(_ interface: ISAInterface, _ name: StaticString, status: UInt8) {
    write("host: ")
    write(name)
    write(" at ")
    write(hex: interface.window.base, digits: 4)
    if status == 0xFF {
      write("h: nothing there")
    } else {
      write("h, status ")
      write(status)
      write("h")
    }
    endLine()
  }

  /// A line such as `KCS 06 01 Get Device ID -> 00 completed normally: 20 01 00 01 02`.
  mutating func write(_ name: StaticString, _ request: Message, _ response: Message?) {
    write(name)
    write(" ")
    write(request.netFn.rawValue)
    write(" ")
    write(request.command.code)
    write(" ")
    write(request.command.name ?? "")
    write(" -> ")
    if let response, let code = response.completionCode {
      write(code.rawValue)
      write(" ")
      write(code.name ?? "?")
      for index in 0..<response.dataCount {
        write(index == 0 ? ": " : " ")
        write(response.data(index) ?? 0)
      }
    } else {
      write("no response in time")
    }
    endLine()
  }

  /// A line such as `host: BMC firmware 0.01, IPMI 2.0, manufacturer 0, product 1872`, of the
  /// response to Get Device ID. IPMI v2.0, table 20-2.
  mutating func write(identity: Message) {
    guard identity.dataCount >= 11 else { return }
    func byte(_ index: Int) -> UInt32 { UInt32(identity.data(index) ?? 0) }
    write("host: BMC firmware ")
    write(decimal: byte(2) & 0x7F)
    write(".")
    write(UInt8(truncatingIfNeeded: byte(3)))
    write(", IPMI ")
    write(decimal: byte(4) & 0x0F)
    write(".")
    write(decimal: byte(4) >> 4)
    write(", manufacturer ")
    write(decimal: byte(6) | byte(7) << 8 | (byte(8) & 0x0F) << 16)
    write(", product ")
    write(decimal: byte(9) | byte(10) << 8)
    endLine()
  }

  /// The line `host: 14 of 14 requests answered`, with what was refused behind it.
  mutating func write(_ account: Account) {
    write("host: ")
    write(decimal: account.answered)
    write(" of ")
    write(decimal: account.sent)
    write(" requests answered")
    if account.refused > 0 {
      write(", ")
      write(decimal: account.refused)
      write(" refused")
    }
    endLine()
  }

  /// A line such as `host: "kcs=x" is not understood: expected kcs=PORT …`.
  mutating func write(_ misunderstanding: Options.Misunderstanding) {
    let argument = misunderstanding.argument
    write("host: \"")
    for index in 0..<argument.count { write(byte: argument[index]) }
    write("\" is not understood: expected ")
    write(misunderstanding.expected)
    endLine()
  }
}
