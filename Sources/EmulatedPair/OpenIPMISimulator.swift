/// OpenIPMI's `ipmi_sim` alone, without a PC: to be compared with.
///
/// It takes one client at a time, on TCP, and closes what a second one opens; also for a moment
/// after the first has left.
public final class OpenIPMISimulator: Sendable {
  /// Where it listens, on the loopback interface.
  public let port: UInt16
  /// The program. It ends with this value.
  public let process: ChildProcess
  private let directory: TemporaryDirectory

  /// Starts it, and returns when it takes connections.
  public init() throws {
    directory = try TemporaryDirectory()
    port = try freePort()
    guard let program = try BMC.ipmiSim().program([.tcp(port: port)], directory: directory.path)
    else {
      throw EmulatorError("ipmi_sim is no program")
    }
    guard let path = Programs.find(program.command[0]) else {
      throw EmulatorError("ipmi_sim was not found on PATH; `make demo` installs what is needed")
    }
    // This program ignores SIGPIPE, which its children would inherit; ipmi_sim does not ignore it.
    process = try ChildProcess(
      name: "ipmi_sim",
      command: ["env", "--default-signal=PIPE", path] + program.command.dropFirst())
    try waitForListener(port, of: process)
  }
}
