// swift-tools-version: 6.2
import PackageDescription

// Firmware for BMC boards, another machine's code: built for ARM with the board's toolset, from
// this directory:
//
//   swift build -c release --triple armv7-none-none-eabi --toolset npcm750-evb.json \
//     --scratch-path .build/npcm750-evb --build-system native --product npcm750-evb.elf
//
// A board is a toolset (CPU, address of RAM) and an executable target (which devices, where).

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .treatWarning("EmbeddedRestrictions", as: .error),
  .strictMemorySafety(),
]

let package = Package(
  name: "firmware-stubs",
  products: [
    .executable(name: "npcm750-evb.elf", targets: ["NPCM750EVB"])
  ],
  dependencies: [
    .package(name: "ipmi-host-bridge", path: "..")
  ],
  targets: [
    // Entry, exception vectors, the compiler's helper functions, volatile accesses.
    .target(
      name: "CBoard", cSettings: [.treatAllWarnings(as: .error)]),
    // What every board runs: device drivers, KCS links, the management controller.
    .target(
      name: "Firmware",
      dependencies: ["CBoard", .product(name: "IPMIHostBridgePure", package: "ipmi-host-bridge")],
      swiftSettings: strict),
    // Nuvoton NPCM750 evaluation board; QEMU -M npcm750-evb.
    .executableTarget(
      name: "NPCM750EVB",
      dependencies: [
        "CBoard", "Firmware", .product(name: "IPMIHostBridgePure", package: "ipmi-host-bridge"),
      ],
      swiftSettings: strict),
    // Imports every pure module: that it builds for ARM proves that they are Embedded Swift.
    .target(
      name: "PureModules",
      dependencies: [.product(name: "IPMIHostBridgePure", package: "ipmi-host-bridge")],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
