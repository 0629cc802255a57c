import CFUSE
import Glibc

/// How a program gets at its devices.
public enum DeviceAccess: Sendable {
  /// Files that FUSE serves, in a mount namespace of the program's own: any program, and any of its
  /// children. It takes /dev/fuse and, of an ordinary user, user namespaces.
  case fuse
  /// The library at this path, preloaded into the program: it takes nothing, but a program that has
  /// the C library as a shared one.
  case preload(String)
  /// FUSE; where this machine does not allow it, the library.
  case automatic(String)
}

/// A folder of our own for sockets, gone with this value.
final class SocketFolder {
  let path: String

  init() throws {
    let parent = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/ipmi-host-bridge-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else {
      throw DeviceError("\(parent): no folder can be made there: \(errorText()); set TMPDIR")
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { unsafe rmdir(path) }
}

extension DeviceAccess {
  /// `library` in front of what LD_PRELOAD names already.
  static func libraries(with library: String) throws -> String {
    guard !library.contains(where: { $0 == ":" || $0 == " " }) else {
      throw DeviceError(
        "LD_PRELOAD cannot name a path with a colon or a space: \(library); put it elsewhere")
    }
    guard unsafe access(library, R_OK) == 0 else {
      throw DeviceError("there is no library \(library)", isPrerequisite: true)
    }
    let present = unsafe getenv("LD_PRELOAD").map { unsafe String(cString: $0) } ?? ""
    return present.isEmpty ? library : "\(library):\(present)"
  }
}
