import Foundation

/// What is fuzzed; raw values are what a user calls it, and the folder of its corpus.
enum Target: String, CaseIterable {
  case vmDecoder = "vm-decoder"
  case kcs, bt, ssif
  case npcm7xx, aspeed
  case bridge
  case messageBridge = "message-bridge"
  case controller
  case savedState = "saved-state"
  case qemuFiles = "qemu-files"
  case captures
  case deviceTree = "device-tree"

  /// Runs one input. An invariant that does not hold ends the program, which is a finding.
  func run(_ input: inout Input) {
    switch self {
    case .vmDecoder: fuzzVMDecoder(&input)
    case .kcs: fuzzKCS(&input)
    case .bt: fuzzBT(&input)
    case .ssif: fuzzSSIF(&input)
    case .npcm7xx: fuzzNPCM7xx(&input)
    case .aspeed: fuzzAspeed(&input)
    case .bridge: fuzzBridge(&input)
    case .messageBridge: fuzzMessageBridge(&input)
    case .controller: fuzzController(&input)
    case .savedState: fuzzSavedState(&input)
    case .qemuFiles: fuzzQEMUFiles(&input)
    case .captures: fuzzCaptures(&input)
    case .deviceTree: fuzzDeviceTree(&input)
    }
  }

  /// The one that the environment names.
  static let chosen: Target = {
    let name = ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_FUZZ"] ?? ""
    guard let target = Target(rawValue: name) else {
      let names = allCases.map(\.rawValue).joined(separator: ", ")
      fatalError("IPMI_HOST_BRIDGE_FUZZ=\(name) is no target: choose one of \(names)")
    }
    return target
  }()
}

/// libFuzzer's entry: one input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  var input = unsafe Input(UnsafeBufferPointer(start: bytes, count: count))
  Target.chosen.run(&input)
  return 0
}
