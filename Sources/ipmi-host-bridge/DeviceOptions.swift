import ArgumentParser
import CharacterDevice
import EmulatedPair
import Foundation

/// How a program gets at its devices, for the commands that run one.
struct DeviceOptions: ParsableArguments {
  enum Access: String, CaseIterable, ExpressibleByArgument {
    case fuse, preload
  }

  @Option(
    help: ArgumentHelp(
      "How the program gets the device: fuse, or preload, a library, which is taken where FUSE is not "
        + "allowed.",
      valueName: "way"))
  var device: Access?

  /// What the options say.
  func access() throws -> DeviceAccess {
    switch device {
    case .fuse: return .fuse
    case .preload: return .preload(try Self.library())
    // Looked for where it is needed: the error of FUSE is the one that counts.
    case nil: return .automatic((try? Self.library()) ?? "libipmi-host-bridge-device.so")
    }
  }

  private static func library() throws -> String {
    URL(fileURLWithPath: try Artifacts.deviceLibrary()).path
  }

  /// Runs a program: its exit status. Where FUSE is not allowed and the library is there instead, that
  /// is said.
  static func run(
    _ program: DeviceProgram, _ command: [String], skip: (DeviceError) -> Void = { _ in }
  ) throws -> Int32 {
    var program = program
    program.fellBack = { error in
      DeviceTranscript.write("\(error). The devices are preloaded: only what the C library opens")
    }
    do {
      return try program.run(command)
    } catch let error as DeviceError where error.isPrerequisite {
      skip(error)
      DeviceTranscript.write("\(error)")
      throw ExitCode(77)
    }
  }
}
