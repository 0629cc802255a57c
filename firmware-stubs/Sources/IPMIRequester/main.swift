import LinuxProgram

// A host's software, for a host that runs Linux: see Options.usage.

guard let options = Options() else { fail(Options.usage) }
switch HostInterface.open(options.device) {
case .failure(let error):
  fail("ipmi-requester: could not open ", options.device, error: error.number)
case .success(let interface):
  var requester = Requester(options, interface)
  requester.run()
}
