import CLinux
import LinuxProgram

// Checks a BMC's device against what Linux's driver does, system call for system call:
//
//   bmc-device-checks kcs|bt|ssif DEVICE
//
// The same program runs in front of the real drivers, on an ARM BMC, and in front of the files of
// `ipmi-host-bridge openbmc`. It needs a host that sends four requests, one after another; whatever
// they ask is answered with C1h. Results are TAP on standard output; the status is 0 where all are ok.

guard let kind = Argument(at: 1), let path = Argument(at: 2), Argument(at: 3) == nil,
  let status = Checks.run(kind, path)
else {
  fail("usage: bmc-device-checks kcs|bt|ssif DEVICE")
}
linux_exit(status)
