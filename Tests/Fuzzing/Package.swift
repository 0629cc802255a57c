// swift-tools-version: 6.2
import PackageDescription

// `make fuzz`. A package of its own, so that users of ipmi-host-bridge do not build it.

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .strictMemorySafety(),
]

let package = Package(
  name: "fuzzing",
  dependencies: [.package(name: "ipmi-host-bridge", path: "../..")],
  targets: [
    // All targets in one program, which the variable IPMI_HOST_BRIDGE_FUZZ chooses from: it is
    // linked once. libFuzzer has its `main`.
    .executableTarget(
      name: "fuzz",
      dependencies: [
        .product(name: "IPMIHostBridgePure", package: "ipmi-host-bridge"),
        .product(name: "ContentReaders", package: "ipmi-host-bridge"),
      ],
      path: "Sources/Fuzz", swiftSettings: strict)
  ],
  swiftLanguageModes: [.v6]
)
