import CLinux

// The BMC's answers, for a BMC that runs Linux: see Options.usage.

/// Ends the program with one line that says why.
func fail(_ reason: StaticString, _ path: Argument? = nil, error: Int32? = nil) -> Never {
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

guard let options = Options() else { fail(Options.usage) }
switch Device.open(options.interface, options.device) {
case .failure(let error):
  fail("ipmi-responder: could not open ", options.device, error: error.number)
case .success(let device):
  var responder = Responder(options, device)
  linux_exit(responder.run())
}
