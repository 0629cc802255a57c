import Foundation

/// A library that makes a QEMU look like another one, to the library that is preloaded after it.
///
/// It stands in for `dlsym` and answers for one symbol: `qdict_get_int`, so that every number of
/// the version becomes 9, or a symbol that is to be missing.
enum OtherQEMU {
  /// Compiles the library into `directory`; returns the path that it has inside.
  static func compile(changing symbol: String, in directory: (here: URL, inside: String)) throws
    -> String
  {
    let source = directory.here.appending(path: "other.c")
    try """
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <string.h>
    static long long nine(const void *dictionary, const char *key) { return 9; }
    void *dlsym(void *handle, const char *name) {
      static void *(*real)(void *, const char *);
      if (!real) real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
      if (strcmp(name, "\(symbol)")) return real(handle, name);
      return strcmp(name, "qdict_get_int") ? (void *)0 : (void *)nine;
    }
    """.write(to: source, atomically: true, encoding: .utf8)
    let clang = Process()
    clang.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    clang.arguments = [
      "clang", "-shared", "-fPIC", "-o", directory.here.appending(path: "other.so").path,
      source.path,
    ]
    try clang.run()
    clang.waitUntilExit()
    return "\(directory.inside)/other.so"
  }
}
