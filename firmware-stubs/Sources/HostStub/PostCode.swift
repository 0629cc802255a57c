import CHostBoard

/// The stages of the program, which it writes to port 80h.
///
/// | Code | Stage                                                        |
/// |-----:|--------------------------------------------------------------|
/// |  01h | Entered; the console and the clock are next                  |
/// |  02h | The command line is next                                     |
/// |  10h | Looks for KCS                                                |
/// |  11h | Looks for BT                                                 |
/// |  20h | Get Device ID                                                |
/// |  21h | Get Self Test Results                                        |
/// |  22h | Get BMC Global Enables, Set BMC Global Enables               |
/// |  23h | Get System Restart Cause, Set Watchdog Timer                 |
/// |  24h | Get System GUID                                              |
/// |  25h | Get SEL Info                                                 |
/// |  26h | Get SEL Time, Set SEL Time                                   |
/// |  27h | Platform Event Message: the boot process starts              |
/// |  28h | Get Message Flags and what follows, after any of the above   |
/// |  2Fh | The interface is done with                                   |
/// |  E1h | The BMC is silent, or does not say what it is: given up      |
/// |  E2h | The command line has something that nobody understands       |
/// |  E3h | An exception                                                 |
/// |  AAh | The end: there is a BMC, and no interface was given up       |
/// |  EEh | The end: otherwise                                           |
enum PostCode: UInt8 {
  case entered = 0x01
  case commandLine = 0x02
  case kcs = 0x10
  case bt = 0x11
  case deviceID = 0x20
  case selfTest = 0x21
  case globalEnables = 0x22
  case watchdog = 0x23
  case guid = 0x24
  case eventLog = 0x25
  case eventLogTime = 0x26
  case bootEvent = 0x27
  case attention = 0x28
  case interfaceDone = 0x2F
  case givenUp = 0xE1
  case commandLineNotUnderstood = 0xE2
  case exception = 0xE3
  case succeeded = 0xAA
  case failed = 0xEE

  /// Writes the code to port 80h.
  func show() { out8(0x80, rawValue) }

  /// The last code, and the end of the program: isa-debug-exit, where an emulator has it at port
  /// F4h, ends it with status 2 × code + 1, of which 8 bits are left: 55h or DDh.
  func finish() -> Never {
    show()
    out8(0xF4, rawValue)
    halt()
  }
}
