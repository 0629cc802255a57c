/// The names of small numbers, as they are written in YAML.
struct Names {
  /// What the numbers are, for an error.
  let subject: String
  private let entries: [(name: String, value: UInt8)]

  /// The names of consecutive numbers from `first` on.
  private init(_ subject: String, from first: UInt8, _ names: String) {
    self.subject = subject
    entries = names.split(whereSeparator: \.isWhitespace).enumerated().map {
      (String($0.element), first + UInt8($0.offset))
    }
  }

  /// Every name.
  var all: [String] { entries.map(\.name) }

  func value(of name: String) -> UInt8? { entries.first { $0.name == name }?.value }

  /// The name, or the number where it has none.
  func text(_ value: UInt8) -> String {
    entries.first { $0.value == value }?.name ?? hexadecimal(value)
  }

  /// Sensor types. IPMI v2.0, table 42-3.
  static let sensorTypes = Names(
    "sensor type", from: 0x01,
    """
    temperature voltage current fan chassis-intrusion platform-security processor power-supply
    power-unit cooling-device other memory drive-bay memory-resize system-firmware
    event-logging-disabled watchdog-1 system-event critical-interrupt button board
    microcontroller add-in-card chassis chip-set other-fru cable terminator boot-initiated
    boot-error os-boot os-stop slot acpi-power-state watchdog-2 platform-alert entity-presence
    monitor-asic lan subsystem-health battery session-audit version-change fru-state
    """)

  /// Base units. IPMI v2.0, table 43-15.
  static let units = Names(
    "unit", from: 0x00,
    """
    unspecified degrees-C degrees-F degrees-K volts amps watts joules coulombs VA nits lumens lux
    candela kPa PSI newtons CFM RPM hertz microseconds milliseconds seconds minutes hours days
    weeks
    """)

  /// How a raw reading is a number. IPMI v2.0, section 43.1.
  static let formats = Names("format", from: 0, "unsigned ones-complement twos-complement")

  /// What the host's power does after the BMC had none. IPMI v2.0, section 28.8.
  static let restorePolicies = Names("restore policy", from: 0, "off previous on")
}

/// The number in hexadecimal, as YAML takes it.
func hexadecimal(_ value: some BinaryInteger, digits: Int = 2) -> String {
  let text = String(value, radix: 16, uppercase: true)
  return "0x" + String(repeating: "0", count: max(0, digits - text.count)) + text
}
