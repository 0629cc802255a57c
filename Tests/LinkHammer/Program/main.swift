import BMCPeripherals
import Foundation
import LinkHammer
import RegisterLinkFile

// link-hammer LINK bmc|host npcm7xx|aspeed ACCESSES SEED: one side of a hammered link, as a process;
// its events go to standard output as they are in memory.

let arguments = CommandLine.arguments
guard arguments.count == 6, let accesses = Int(arguments[4]), let seed = UInt64(arguments[5])
else {
  fatalError("usage: link-hammer LINK bmc|host npcm7xx|aspeed ACCESSES SEED")
}
let isHost = arguments[2] == "host"
let memory = unsafe MappedLink(path: arguments[1], side: isHost ? .host : .bmc) {
  print(unsafe String(cString: $0))
}
guard let memory else { exit(1) }

func run<Target: HammerTarget>(_ target: Target.Type) -> [HammerEvent] {
  isHost
    ? Hammer<Target>.host(memory, accesses: accesses, seed: seed)
    : Hammer<Target>.bmc(memory, accesses: accesses, seed: seed)
}

let events = arguments[3] == "aspeed" ? run(AspeedLPC.self) : run(NPCM7xxHostInterface.self)
unsafe events.withUnsafeBytes { bytes in
  unsafe FileHandle.standardOutput.write(Data(bytes))
}
