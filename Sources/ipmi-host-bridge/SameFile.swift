import Foundation

/// Whether two paths are of one file, whatever they are written like.
func isSameFile(_ one: String, _ other: String) -> Bool {
  func resolved(_ path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
  }
  return resolved(one) == resolved(other)
}
