import CHostBoard

// What a PC's firmware does with its BMC before it boots anything. The stages are those of
// PostCode; the command line is that of Options.

/// Talks to the BMC at each interface that there is, and ends with the last POST code.
func runHost() -> Never {
  PostCode.entered.show()
  var machine = Machine()
  machine.console.write("ipmi-host-bridge host stub")
  machine.console.endLine()

  PostCode.commandLine.show()
  let options = Options()
  if let misunderstanding = options.misunderstanding {
    PostCode.commandLineNotUnderstood.show()
    machine.console.write(misunderstanding)
    PostCode.failed.finish()
  }

  let limit = UInt64(options.limit) * 1_000_000
  if let kcs = options.kcs {
    PostCode.kcs.show()
    var conversation = Conversation(KCSInterface(kcs), machine, limit: limit)
    machine = conversation.run(count: options.count)
  }
  if let bt = options.bt {
    PostCode.bt.show()
    var conversation = Conversation(BTInterface(bt), machine, limit: limit)
    machine = conversation.run(count: options.count)
  }
  machine.console.write(machine.account)
  (machine.account.isGood ? PostCode.succeeded : .failed).finish()
}

@c(handle_fault)
func handleFault(number: UInt64, error: UInt64, rip: UInt64, address: UInt64) {
  PostCode.exception.show()
  var console = Console()
  console.endLine()
  console.write("host: exception ")
  console.write(decimal: UInt32(truncatingIfNeeded: number))
  console.write(", error ")
  console.write(hex: error, digits: 8)
  console.write(", at ")
  console.write(hex: rip, digits: 16)
  if number == 14 {
    console.write(", address ")
    console.write(hex: address, digits: 16)
  }
  console.endLine()
  PostCode.failed.finish()
}

runHost()
