/// What people run on a host, in this order: ipmitool, FreeIPMI and OpenIPMI.
///
/// It is about the content of `example.yaml`, and about nothing that only one BMC has.
enum Commands {
  typealias Expectation = PairTests.Expectation

  static let all = identity + watchdog + chassis + log + sensors + inventory + messages + others

  private static let identity = [
    Expectation("ipmitool mc info", "IPMI Version              : 2.0"),
    Expectation("ipmitool mc selftest", "Selftest: passed"),
    Expectation("ipmitool mc guid", "8a1f3c52-0d4e-4b6a-9c77-10e5d2f0a9b4"),
    Expectation("ipmitool mc getenables", "System Event Logging                     : enabled"),
  ]

  private static let watchdog = [
    Expectation("ipmitool mc watchdog reset", status: 1, "uninitialized watchdog"),
    // Use SMS/OS, no action, 10 s.
    Expectation("ipmitool raw 6 0x24 4 0 0 0x10 100 0", ""),
    Expectation("ipmitool mc watchdog reset", "countdown restarted"),
    Expectation("ipmitool mc watchdog get", "Started/Running", "SMS/OS"),
    Expectation("ipmitool mc watchdog off", "Watchdog Timer Shutoff successful"),
    // Power cycle.
    Expectation("ipmitool raw 6 0x24 4 3 0 0x10 100 0", ""),
    Expectation("ipmitool mc watchdog get", "Power Cycle"),
  ]

  private static let chassis = [
    Expectation("ipmitool chassis status", "System Power         : on"),
    Expectation("ipmitool chassis power status", "Chassis Power is on"),
    Expectation("ipmitool chassis policy list", "always-off"),
    Expectation("ipmitool chassis policy always-on", "always-on"),
    Expectation("ipmitool chassis status", "Power Restore Policy : always-on"),
    Expectation("ipmitool chassis restart_cause", "System restart cause:"),
    Expectation("ipmitool chassis poh", "POH Counter"),
    Expectation("ipmitool chassis identify 1", "Chassis identify interval: 1 seconds"),
    Expectation("ipmitool chassis bootdev pxe", "Set Boot Device to pxe"),
    Expectation("ipmitool chassis bootparam get 5", "Force PXE"),
  ]

  private static let log = [
    Expectation("ipmitool sel list", "S0/G0: working"),
    Expectation("ipmitool sel clear", "Clearing SEL"),
    // 60000000h seconds are a morning in January 2021.
    Expectation("ipmitool raw 0x0a 0x49 0 0 0 0x60", ""),
    Expectation("ipmitool sel time get", "01/14/21"),
    Expectation("ipmitool sel time set '01/14/21 10:00:00'", "01/14/21"),
    Expectation(
      "printf '0x04 0x01 0x30 0x01 0x59 0x00 0x00\\n' >/tmp/sel && ipmitool sel add /tmp/sel",
      "Temperature #0x30"),
    Expectation("ipmitool sel list", "01/14/21", "Temperature #0x30"),
    Expectation("ipmitool sel info", "Version          : 1.5"),
    Expectation("ipmitool event 1", "Sending SAMPLE event: Temperature"),
    Expectation("ipmitool sel elist", "Upper Critical going high"),
    Expectation("ipmi-sel --output-manufacturer-id", "Temperature"),
    Expectation(
      "ipmitool sel delete 0x$(ipmitool sel list | awk '{ print $1; exit }')", "Deleted entry"),
  ]

  private static let sensors = [
    Expectation("ipmitool sdr list", "CPU Temp         | 41 degrees C", "Watchdog", "Host Power"),
    Expectation("ipmitool sdr info", "Record Count"),
    Expectation("ipmitool sdr elist mcloc", "BMC"),
    Expectation("ipmitool sdr dump /tmp/sdr", "Dumping Sensor Data Repository"),
    Expectation("ipmitool sensor list", "CPU Temp", "41.000", "Inlet Temp", "22.000", "discrete"),
    Expectation("ipmitool sensor get 'CPU Temp'", "Upper Critical        : 95.000"),
    Expectation("ipmitool sensor reading P12V", "P12V             | 12.033"),
    Expectation("ipmitool sensor thresh 'CPU Temp' ucr 90", "threshold to 90.000"),
    Expectation("ipmitool sensor get 'CPU Temp'", "Upper Critical        : 90.000"),
    Expectation("ipmi-sensors", "CPU Temp", "41.00", "Watchdog"),
    // Set Sensor Reading and Event Status: 88 degrees, above a threshold.
    Expectation("ipmitool raw 4 0x30 1 1 88", ""),
    Expectation("ipmitool sensor reading 'CPU Temp'", "88"),
  ]

  private static let inventory = [
    Expectation("ipmitool fru print 0", "Product Name          : Server 100"),
    Expectation("ipmitool fru print", "PSU 800 W", "Mainboard 100"),
    Expectation(
      "ipmitool fru read 0 /tmp/fru && ipmitool fru write 0 /tmp/fru", "Size to Write"),
    // Its last byte, and one that is written and read.
    Expectation("ipmitool raw 0x0a 0x11 0 0xff 3 1", "01"),
    Expectation(
      "ipmitool raw 0x0a 0x12 1 0xf0 3 0x5a && ipmitool raw 0x0a 0x11 1 0xf0 3 1", "01 5a"),
    Expectation("ipmi-fru", "Server 100"),
    // Add SDR: an OEM record. Behind what has a cache of all records.
    Expectation("ipmitool raw 0x0a 0x24 0 0 0x51 0xc0 3 1 2 3", ""),
  ]

  private static let messages = [
    Expectation("ipmitool channel info 0xf", "Channel Medium Type   : System Interface"),
    Expectation("ipmitool channel info 0", "IPMB"),
    // Event message buffer: enabled, filled by a platform event, which Linux's driver fetches.
    Expectation("ipmitool raw 6 0x2e 0x0c", ""),
    Expectation("ipmitool pef info", "Power-cycle"),
  ]

  private static let others = [
    Expectation("bmc-info --get-device-id", "Device ID"),
    Expectation("bmc-info --get-device-guid", "8a1f3c52-0d4e-4b6a-9c77-10e5d2f0a9b4"),
    // OpenIPMI's own: address, LUN, NetFn and command; then the same of the response and its data.
    Expectation("openipmicmd -k '0f 00 06 01' smi 0", "0f 07 00 01 00"),
    Expectation("ipmitool mc reset warm", "Sent warm reset command to MC"),
    Expectation("ipmitool mc reset cold", "Sent cold reset command to MC"),
    Expectation("ipmitool mc info", "IPMI Version              : 2.0"),
  ]
}
