// swift-tools-version: 6.2
import PackageDescription

// `make bench`. A package of its own, so that users of ipmi-host-bridge do not build it.
//
// The measuring loop is ours, about 50 lines: ordo-one/benchmark and google/swift-benchmark need
// Foundation and threads, so neither runs in Embedded Swift, which is what an emulator loads; and
// neither measures a thing and its floor in turns, which on a noisy machine is what makes a ratio.

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .strictMemorySafety(),
]

let package = Package(
  name: "benchmarks",
  dependencies: [
    .package(name: "ipmi-host-bridge", path: "../.."),
    // What `simulate` stands on, of the version that it has.
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
  ],
  targets: [
    // The clock, the callbacks of an emulator, floors in C.
    .target(name: "CMeasure", cSettings: [.treatAllWarnings(as: .error)]),
    // A client of VM protocol servers, and a server that sends back what it gets.
    .target(name: "CWire", cSettings: [.treatAllWarnings(as: .error)]),
    // Rows that need no emulator; also built as Embedded Swift, with embedded.json.
    .executableTarget(
      name: "in-process",
      dependencies: [
        "CMeasure", .product(name: "IPMIHostBridgePure", package: "ipmi-host-bridge"),
        .product(name: "RegisterLinkFile", package: "ipmi-host-bridge"),
      ],
      path: "Sources/InProcess", swiftSettings: strict),
    // Accesses of a Unicorn; the library is loaded, as an emulator loads it.
    .executableTarget(
      name: "unicorn-access",
      dependencies: [
        "CMeasure", .product(name: "CIPMIHostBridge", package: "ipmi-host-bridge"),
      ],
      path: "Sources/UnicornAccess", cSettings: [.treatAllWarnings(as: .error)],
      linkerSettings: [.linkedLibrary("unicorn"), .linkedLibrary("dl")]),
    // A BMC's daemon that does nothing else.
    .executableTarget(
      name: "device-daemon", path: "Sources/DeviceDaemon",
      cSettings: [.treatAllWarnings(as: .error)]),
    // Runs `in-process` and the emulators, and prints the table.
    .executableTarget(
      name: "benchmarks",
      dependencies: [
        "CWire", .product(name: "EmulatedPair", package: "ipmi-host-bridge"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "UnicornMachine", package: "ipmi-host-bridge"),
      ],
      path: "Sources/Report", swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
