// swift-tools-version: 6.2
import PackageDescription

/// Every target: any warning is an error, and every unsafe construct is written `unsafe`.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .strictMemorySafety(),
]

/// The modules that firmware, the emulator plug-in and the tests share: no I/O, no clock, no
/// Foundation, and nothing that Embedded Swift refuses.
let pure: [SwiftSetting] =
  strict + [
    .treatWarning("EmbeddedRestrictions", as: .error),
    .enableExperimentalFeature("Lifetimes"),
  ]

let package = Package(
  name: "ipmi-host-bridge",
  products: [
    .library(
      name: "IPMIHostBridgePure",
      targets: ["IPMI", "SystemInterfaces"])
  ],
  targets: [
    // Messages, NetFn, LUN, commands, completion codes. Imports nothing.
    .target(name: "IPMI", swiftSettings: pure),
    // KCS: registers, the channel both processors share, host state machine, responder.
    .target(name: "SystemInterfaces", dependencies: ["IPMI"], swiftSettings: pure),

    .testTarget(name: "IPMITests", dependencies: ["IPMI"], swiftSettings: strict),
    .testTarget(
      name: "SystemInterfacesTests", dependencies: ["SystemInterfaces"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
