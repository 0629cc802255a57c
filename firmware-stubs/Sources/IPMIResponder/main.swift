import CLinux
import LinuxProgram

// The BMC's answers, for a BMC that runs Linux: see Options.usage.

guard let options = Options() else { fail(Options.usage) }
switch Device.open(options.interface, options.device) {
case .failure(let error):
  fail("ipmi-responder: could not open ", options.device, error: error.number)
case .success(let device):
  var responder = Responder(options, device)
  linux_exit(responder.run())
}
