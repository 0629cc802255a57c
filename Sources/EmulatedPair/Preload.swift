import Foundation

/// The environment that makes a stock QEMU load our library.
public enum Preload {
  /// `LD_PRELOAD` with `library` in front of what is there already.
  public static func environment(for library: String) -> [String: String] {
    let name = "LD_PRELOAD"
    let present = ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    return [name: present.map { "\(library):\($0)" } ?? library]
  }
}
