// swift-tools-version: 6.2
import PackageDescription

// Firmware for BMC boards, another machine's code: built for ARM with the board's toolset, from
// this directory:
//
//   swift build -c release --triple armv7-none-none-eabi --toolset npcm750-evb.json \
//     --scratch-path .build/npcm750-evb --build-system native --product npcm750-evb.elf
//
// A board is a triple (armv6 for ast2500-evb, armv4t for palmetto-bmc), a toolset (CPU, address of
// RAM) and an executable target (which devices, where).
// ipmi-responder is for BMCs that run Linux: its toolset is linux-armv6.json, the triple
// armv6-none-none-eabi. bmc-device-checks is for all of Linux's toolsets; linux-x86-64-libc.json has
// the C library's calls. ipmi-requester is for hosts that do: linux-x86-64.json, and
// x86_64-unknown-linux-gnu. host.elf is for a host that runs nothing else: host.json, and
// x86_64-unknown-none-elf.

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .treatWarning("EmbeddedRestrictions", as: .error),
  .strictMemorySafety(),
]

/// The executable of a board.
func board(_ target: String) -> Target {
  .executableTarget(
    name: target,
    dependencies: [
      "CBoard", "Firmware", .product(name: "IPMIHostBridgePure", package: "ipmi-host-bridge"),
    ],
    swiftSettings: strict)
}

let package = Package(
  name: "firmware-stubs",
  products: [
    .executable(name: "bmc-device-checks", targets: ["BMCDeviceChecks"]),
    .executable(name: "host.elf", targets: ["HostStub"]),
    .executable(name: "ipmi-requester", targets: ["IPMIRequester"]),
    .executable(name: "ipmi-responder", targets: ["IPMIResponder"]),
    .executable(name: "npcm750-evb.elf", targets: ["NPCM750EVB"]),
    .executable(name: "ast2600-evb.elf", targets: ["AST2600EVB"]),
    .executable(name: "ast2500-evb.elf", targets: ["AST2500EVB"]),
    .executable(name: "palmetto-bmc.elf", targets: ["PalmettoBMC"]),
  ],
  dependencies: [
    .package(name: "ipmi-host-bridge", path: "..")
  ],
  targets: [
    // The functions that compilers call: memory, division.
    .target(name: "CRuntime", cSettings: [.treatAllWarnings(as: .error)]),
    // Entry, exception vectors, volatile accesses.
    .target(
      name: "CBoard", dependencies: ["CRuntime"], cSettings: [.treatAllWarnings(as: .error)]),
    // What every board runs: device drivers, KCS and BT links, the management controller.
    .target(
      name: "Firmware",
      dependencies: ["CBoard", .product(name: "IPMIHostBridgePure", package: "ipmi-host-bridge")],
      swiftSettings: strict),
    // The boards, named as QEMU's machines.
    board("NPCM750EVB"), board("AST2600EVB"), board("AST2500EVB"), board("PalmettoBMC"),
    // Entry of a PC, port I/O.
    .target(
      name: "CHostBoard", dependencies: ["CRuntime"], cSettings: [.treatAllWarnings(as: .error)]),
    // What a PC's firmware says to the BMC by KCS and BT, and its POST codes.
    .executableTarget(
      name: "HostStub",
      dependencies: [
        "CHostBoard", .product(name: "IPMIHostBridgePure", package: "ipmi-host-bridge"),
      ],
      swiftSettings: strict),
    // Linux's system calls, and the entry of a program without a C library.
    .target(
      name: "CLinux", dependencies: ["CRuntime"], cSettings: [.treatAllWarnings(as: .error)]),
    // What programs for Linux share: the command line, the log.
    .target(
      name: "LinuxProgram",
      dependencies: [
        "CLinux", .product(name: "IPMIHostBridgePure", package: "ipmi-host-bridge"),
      ],
      swiftSettings: strict),
    // The management controller behind /dev/ipmi-bt-host or /dev/ipmi-kcsN.
    .executableTarget(
      name: "IPMIResponder",
      dependencies: [
        "CLinux", "LinuxProgram",
        .product(name: "IPMIHostBridgePure", package: "ipmi-host-bridge"),
      ],
      swiftSettings: strict),
    // What /dev/ipmi-kcsN, /dev/ipmi-bt-host and /dev/ipmi-ssif-host must do, of any driver.
    .executableTarget(
      name: "BMCDeviceChecks",
      dependencies: [
        "CLinux", "LinuxProgram",
        .product(name: "IPMIHostBridgePure", package: "ipmi-host-bridge"),
      ],
      swiftSettings: strict),
    // The ioctls of /dev/ipmiN.
    .target(
      name: "CIPMIDevice", dependencies: ["CLinux"], cSettings: [.treatAllWarnings(as: .error)]),
    // Requests through /dev/ipmiN, each answer looked at.
    .executableTarget(
      name: "IPMIRequester",
      dependencies: [
        "CIPMIDevice", "CLinux", "LinuxProgram",
        .product(name: "IPMIHostBridgePure", package: "ipmi-host-bridge"),
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
