import CLinux

/// Ends the program with one line that says why, and status 2, or 1 where Linux refused something.
public func fail(_ reason: StaticString, _ path: Argument? = nil, error: Int32? = nil) -> Never {
  var log = Log()
  log.write(reason)
  if let path { log.write(path) }
  if let error {
    log.write(", error ")
    log.write(decimal: UInt32(error))
  }
  log.end()
  linux_exit(error == nil ? 2 : 1)
}
