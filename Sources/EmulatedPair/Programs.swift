import Foundation

/// Programs by name, as a shell finds them.
public enum Programs {
  /// The path of a program: itself if it has a slash, else the first match on `PATH`; nil if that
  /// is not an executable file.
  public static func find(_ name: String) -> String? {
    let manager = FileManager.default
    if name.contains("/") { return isProgram(name, manager) ? name : nil }
    // Administrators' programs, ipmi_sim among them, are not on every user's PATH.
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return (path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"])
      .map { "\($0)/\(name)" }
      .first { isProgram($0, manager) }
  }

  private static func isProgram(_ path: String, _ manager: FileManager) -> Bool {
    var isDirectory: ObjCBool = false
    return unsafe manager.fileExists(atPath: path, isDirectory: &isDirectory)
      && !isDirectory.boolValue
      && manager.isExecutableFile(atPath: path)
  }
}
