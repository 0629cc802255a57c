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
    // Everything that runs anywhere, firmware included.
    .library(
      name: "IPMIHostBridgePure",
      targets: [
        "BMCPeripherals", "HostPeripherals", "IPMI", "IPMIHostBridge", "ManagementController",
        "RegisterLink", "SystemInterfaces", "Tracing", "VMProtocol",
      ]),
    // libipmi-host-bridge-qemu.so, preloaded into QEMU.
    .library(name: "ipmi-host-bridge-qemu", type: .dynamic, targets: ["QEMUPlugin"]),
    // libipmi-host-bridge.so, for any emulator.
    .library(name: "ipmi-host-bridge-library", type: .dynamic, targets: ["EmulatorABI"]),
    // libipmi-host-bridge-device.so, preloaded into programs where FUSE is not allowed.
    .library(name: "ipmi-host-bridge-device", type: .dynamic, targets: ["DevicePreload"]),
    // For the benchmarks, which are a package of their own.
    .library(name: "EmulatedPair", targets: ["EmulatedPair"]),
    .library(name: "RegisterLinkFile", targets: ["RegisterLinkFile"]),
    .library(name: "CIPMIHostBridge", targets: ["CIPMIHostBridge"]),
    .library(name: "UnicornMachine", targets: ["UnicornMachine"]),
    // For the fuzzers, too.
    .library(name: "ContentReaders", targets: ["ControllerContent", "DeviceTree"]),
    .executable(name: "ipmi-host-bridge", targets: ["ipmi-host-bridge"]),
  ],
  dependencies: [
    // The command line's, its sockets', the content files'; every other module depends on nothing but
    // the toolchain.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // Pure, from the bottom up; each imports only what is above it.

    // Messages, NetFn, LUN, commands, completion codes. Imports nothing.
    .target(name: "IPMI", swiftSettings: pure),
    // The OpenIPMI VM wire codec: feed bytes, drain events.
    .target(name: "VMProtocol", dependencies: ["IPMI"], swiftSettings: pure),
    // KCS, BT and SSIF: what both processors share, host state machine, responder.
    .target(name: "SystemInterfaces", dependencies: ["IPMI"], swiftSettings: pure),
    // What happens on a link, as pcapng, as waveforms, as JSON.
    .target(
      name: "Tracing", dependencies: ["IPMI", "SystemInterfaces", "VMProtocol"],
      swiftSettings: pure),
    // What goes wrong on a link: rules, and what becomes of each message.
    .target(name: "Faults", dependencies: ["IPMI"], swiftSettings: pure),
    // The BMC's answers: App, Chassis, Sensor/Event, Storage.
    .target(name: "ManagementController", dependencies: ["IPMI"], swiftSettings: pure),
    // The SoCs' memory maps over the channels: ASPEED, NPCM7xx.
    .target(name: "BMCPeripherals", dependencies: ["SystemInterfaces"], swiftSettings: pure),
    // The PC's view of the channels: ISA, PCI, SMBIOS, ACPI; responders for BMCs that are messages.
    .target(
      name: "HostPeripherals", dependencies: ["IPMI", "SystemInterfaces"], swiftSettings: pure),
    // Joins a host end and a BMC end.
    .target(
      name: "IPMIHostBridge",
      dependencies: [
        "BMCPeripherals", "HostPeripherals", "IPMI", "SystemInterfaces", "VMProtocol",
      ],
      swiftSettings: pure),

    // One link, register by register: the channels in words that two processors share.
    .target(
      name: "RegisterLink", dependencies: ["BMCPeripherals", "SystemInterfaces"],
      swiftSettings: pure),

    // The edges: they do I/O.

    // The link's file and doorbells, and its layout for other emulators.
    .target(name: "CRegisterLink"),
    .target(
      name: "RegisterLinkFile", dependencies: ["CRegisterLink", "RegisterLink"],
      swiftSettings: strict),

    // What Swift cannot say of QEMU: symbols looked up by name, layouts, the constructor.
    .target(name: "CQEMU"),
    // -device ipmi-host-extern, in a QEMU that was never rebuilt for it.
    .target(
      name: "QEMUPlugin",
      dependencies: [
        "BMCPeripherals", "CQEMU", "IPMI", "IPMIHostBridge", "RegisterLink", "RegisterLinkFile",
        "SystemInterfaces", "Tracing", "VMProtocol",
      ],
      exclude: ["embedded.json", "exports.map"], swiftSettings: strict),
    // The interface in C of libipmi-host-bridge.so, and what Swift cannot say of it. libfdt becomes
    // part of it: an emulator that loads the library takes on nothing else.
    .target(
      name: "CIPMIHostBridge", exclude: ["ipmi-host-bridge.pc.in"],
      linkerSettings: [.linkedLibrary(":libfdt.a")]),
    // The host interface of an SoC and its hosts, for any emulator.
    .target(
      name: "EmulatorABI",
      dependencies: [
        "BMCPeripherals", "CIPMIHostBridge", "HostPeripherals", "IPMI", "IPMIHostBridge",
        "SystemInterfaces", "Tracing", "VMProtocol",
      ],
      exclude: ["embedded.json", "exports.map"], swiftSettings: strict),
    // libfdt's functions.
    .systemLibrary(name: "CLibFDT", providers: [.apt(["libfdt-dev"])]),
    // What a device tree declares of a BMC's host interfaces.
    .target(name: "DeviceTree", dependencies: ["CLibFDT"], swiftSettings: strict),
    // What a controller has, from and to files: YAML, QEMU's sdrfile and frudatafile, saved state.
    .target(
      name: "ControllerContent",
      dependencies: ["IPMI", "ManagementController", .product(name: "Yams", package: "Yams")],
      swiftSettings: strict),
    // libfuse, and a program's own /dev.
    .target(
      name: "CFUSE", cSettings: [.treatAllWarnings(as: .error)],
      linkerSettings: [.linkedLibrary("fuse3")]),
    // The C library's functions on files, for a program's devices where there is no FUSE.
    .target(
      name: "DevicePreload", exclude: ["embedded.json", "exports.map"], publicHeadersPath: ".",
      cSettings: [.headerSearchPath("../CFUSE/include"), .treatAllWarnings(as: .error)]),
    // /dev/ipmi-kcsN, /dev/ipmi-bt-host and /dev/ipmi-ssif-host for a BMC's daemons.
    .target(
      name: "CharacterDevice",
      dependencies: ["CFUSE", "IPMI", "IPMIHostBridge", "SystemInterfaces", "VMProtocol"],
      swiftSettings: strict),
    // Starts and watches the emulators of a host and a BMC: for the command line and the tests.
    .target(name: "EmulatedPair", dependencies: ["HostPeripherals"], swiftSettings: strict),
    // Unicorn's functions that Swift cannot call, and the hook that counts instructions.
    .target(name: "CUnicorn", linkerSettings: [.linkedLibrary("unicorn")]),
    // A BMC and its host in one process, a pure function of their inputs.
    .target(
      name: "UnicornMachine",
      dependencies: [
        "BMCPeripherals", "CUnicorn", "Faults", "IPMI", "IPMIHostBridge", "SystemInterfaces",
        "Tracing",
      ],
      swiftSettings: strict),
    // The sockets of the stand-alone program: a BMC behind the VM protocol.
    .target(
      name: "Transport",
      dependencies: [
        "Faults", "IPMI", "ManagementController", "Tracing", "VMProtocol",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: strict),
    // A trace as a page for a browser: read, understood, drawn.
    .target(
      name: "Report", dependencies: ["IPMI", "Tracing"],
      resources: [.embedInCode("Page/page.css"), .embedInCode("Page/page.js")],
      swiftSettings: strict),
    // The command line.
    .executableTarget(
      name: "ipmi-host-bridge",
      dependencies: [
        "BMCPeripherals", "CharacterDevice", "ControllerContent", "DeviceTree", "EmulatedPair",
        "Faults", "IPMI", "ManagementController", "Report", "Tracing", "Transport",
        "UnicornMachine",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      exclude: ["Scale"], swiftSettings: strict),

    // Tests, one target for each module.

    // What the tests share: seeded randomness, saved states.
    .target(
      name: "TestSupport", dependencies: ["ControllerContent", "Faults", "IPMI"],
      path: "Tests/TestSupport", swiftSettings: strict),
    .testTarget(name: "IPMITests", dependencies: ["IPMI"], swiftSettings: strict),
    .testTarget(
      name: "VMProtocolTests", dependencies: ["TestSupport", "VMProtocol"], swiftSettings: strict),
    .testTarget(
      name: "SystemInterfacesTests", dependencies: ["SystemInterfaces", "TestSupport"],
      swiftSettings: strict),
    // KCS and BT as models of their own, checked by Debian's spin where it is installed.
    .testTarget(
      name: "ModelCheckingTests", dependencies: ["EmulatedPair", "SystemInterfaces"],
      path: "Tests/ModelChecking", exclude: ["Models"], swiftSettings: strict),
    // With Debian's tshark, and a parser of waveforms, where they are installed.
    .testTarget(
      name: "TracingTests",
      dependencies: ["EmulatedPair", "SystemInterfaces", "TestSupport", "Tracing"],
      exclude: ["Golden"], swiftSettings: strict),
    .testTarget(
      name: "FaultsTests", dependencies: ["Faults", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "ManagementControllerTests", dependencies: ["ManagementController", "TestSupport"],
      swiftSettings: strict),
    // With a stock qemu-system-x86_64, where there is one.
    .testTarget(
      name: "ControllerContentTests",
      dependencies: [
        "ControllerContent", "EmulatedPair", "ManagementController", "SystemInterfaces",
        "TestSupport", "ipmi-host-bridge",
      ],
      exclude: ["example.yaml"], swiftSettings: strict),
    .testTarget(
      name: "BMCPeripheralsTests", dependencies: ["BMCPeripherals", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "HostPeripheralsTests", dependencies: ["HostPeripherals", "TestSupport"],
      swiftSettings: strict),
    // What two threads, or two processes, do to one link, and the check of it.
    .target(
      name: "LinkHammer", dependencies: ["RegisterLink", "RegisterLinkFile", "TestSupport"],
      path: "Tests/LinkHammer/Hammer", swiftSettings: strict),
    .executableTarget(
      name: "link-hammer", dependencies: ["LinkHammer"], path: "Tests/LinkHammer/Program",
      swiftSettings: strict),
    .testTarget(
      name: "RegisterLinkTests",
      dependencies: [
        "BMCPeripherals", "CRegisterLink", "LinkHammer", "RegisterLink", "RegisterLinkFile",
        "TestSupport", "link-hammer",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "IPMIHostBridgeTests",
      dependencies: ["BMCPeripherals", "HostPeripherals", "IPMIHostBridge", "TestSupport"],
      swiftSettings: strict),
    // Sockets, and OpenIPMI's ipmi_sim as a peer where it is installed.
    .testTarget(
      name: "TransportTests",
      dependencies: [
        "EmulatedPair", "Faults", "HostPeripherals", "IPMIHostBridge", "TestSupport", "Tracing",
        "Transport", "ipmi-host-bridge",
      ],
      swiftSettings: strict),
    // With Debian's chromium, where it is installed.
    .testTarget(
      name: "ReportTests",
      dependencies: [
        "EmulatedPair", "IPMI", "Report", "TestSupport", "Tracing", "ipmi-host-bridge",
      ],
      exclude: ["Golden"], swiftSettings: strict),
    // The overlays in devicetrees/, and broken files.
    .testTarget(
      name: "DeviceTreeTests",
      dependencies: [
        "BMCPeripherals", "DeviceTree", "EmulatedPair", "TestSupport", "ipmi-host-bridge",
      ],
      exclude: ["kernel-bindings", "npcm750-evb.dts"], swiftSettings: strict),
    // The drivers' files as values; with FUSE, where it is allowed, as files.
    .testTarget(
      name: "CharacterDeviceTests",
      dependencies: [
        "CFUSE", "CharacterDevice", "EmulatedPair", "IPMI", "IPMIHostBridge", "SystemInterfaces",
        "TestSupport", "VMProtocol", "bmc-daemon", "ipmi-host-bridge",
      ],
      path: "Tests/CharacterDeviceTests/Tests", swiftSettings: strict),
    // What BMCs' daemons do with their devices.
    .executableTarget(
      name: "bmc-daemon", path: "Tests/CharacterDeviceTests/Daemon",
      cSettings: [.treatAllWarnings(as: .error)]),
    // Devices, exceptions, and pairs with the project's firmware.
    .testTarget(
      name: "UnicornMachineTests",
      dependencies: [
        "EmulatedPair", "Faults", "TestSupport", "UnicornMachine", "ipmi-host-bridge",
      ], swiftSettings: strict),
    .testTarget(
      name: "GuestTests",
      dependencies: [
        "EmulatedPair", "Faults", "TestSupport", "UnicornMachine", "ipmi-host-bridge",
      ],
      path: "Tests/Guests", exclude: ["bmc", "host", "init", "initramfs"], swiftSettings: strict),
    // Through the header, as an emulator does; the library itself, and the examples, where
    // IPMI_HOST_BRIDGE_LIBRARY names it.
    .testTarget(
      name: "EmulatorABITests",
      dependencies: [
        "BMCPeripherals", "CIPMIHostBridge", "EmulatedPair", "EmulatorABI", "IPMI",
        "ManagementController", "SystemInterfaces", "TestSupport", "Tracing", "VMProtocol",
      ],
      exclude: ["Examples"], swiftSettings: strict),
    // Stock QEMUs with the library, where IPMI_HOST_BRIDGE_QEMU_PLUGIN names it.
    .testTarget(
      name: "QEMUPluginTests",
      dependencies: [
        "BMCPeripherals", "IPMI", "RegisterLink", "RegisterLinkFile", "SystemInterfaces",
        "TestSupport", "Tracing",
      ], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
