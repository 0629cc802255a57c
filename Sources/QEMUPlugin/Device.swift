import CQEMU

/// One `-device` of this library's: what the user has asked for.
///
/// QEMU owns the object, whose size is QEMU's; this stands beside it and is found by its address.
@safe class Device {
  private let object: UnsafeMutableRawPointer
  /// The values of the type's properties, in their order, on GLib's heap; NULL where not given.
  private var values: [UnsafeMutablePointer<CChar>?]

  required init(_ object: UnsafeMutableRawPointer, propertyCount: Int) {
    unsafe self.object = object
    unsafe values = .init(repeating: nil, count: propertyCount)
  }

  deinit {
    for index in unsafe values.indices { unsafe qemu.g_free(values[index]) }
  }

  /// The value of a property; NULL where the user has given none.
  final subscript(property: Int) -> UnsafeMutablePointer<CChar>? { unsafe values[property] }

  /// Whether the device takes part in the machine.
  fileprivate final var isRealized = false

  fileprivate final func set(
    _ property: Int, to value: UnsafePointer<CChar>
  ) throws(RealizationError) {
    let old = unsafe values[property]
    unsafe values[property] = unsafe qemu.g_strdup(value)
    guard isRealized else { return unsafe qemu.g_free(old) }
    do {
      try change(property)
      unsafe qemu.g_free(old)
    } catch {
      unsafe qemu.g_free(values[property])
      unsafe values[property] = unsafe old
      throw error
    }
  }

  /// Connects the device, or says in one line why not.
  func realize() throws(RealizationError) {}

  /// Brings into effect the new value of a property, which was set while the machine runs.
  func change(_ property: Int) throws(RealizationError) {
    throw RealizationError("this property cannot be changed while the machine runs")
  }

  // MARK: All of them

  /// Every device made and not freed. Guarded, as all else here, by QEMU's big lock.
  private nonisolated(unsafe) static var all: [Device] = []

  fileprivate static func add(_ device: Device) {
    unsafe all.append(device)
  }

  fileprivate static func remove(_ object: UnsafeMutableRawPointer) {
    unsafe all.removeAll { unsafe $0.object == object }
  }

  fileprivate static func find(_ object: UnsafeMutableRawPointer?) -> Device {
    for device in unsafe all where unsafe device.object == object { return device }
    fatalError()  // QEMU calls for objects only that it has made
  }
}

/// A type of device: what `-device NAME,help` says, and what is made.
struct DeviceType {
  /// QOM type.
  var name: StaticString
  /// What `-device help` says of it.
  var description: StaticString
  /// The names of the properties, all of them strings, and what help says of each.
  var properties: [(name: StaticString, description: StaticString)]
  var device: Device.Type

  /// Every type of this library.
  static let all = [
    HostExtern.type, HostPostCodes.type, HostLink.type, LPCKCS.type, LPCBT.type, LPCPostCodes.type,
  ]
}

// MARK: - What QEMU calls

@c(cqemu_device_type_name) @implementation
func deviceTypeName(_ number: UInt32) -> UnsafePointer<CChar>? {
  let types = DeviceType.all
  return Int(number) < types.count ? unsafe types[Int(number)].name.characters : nil
}

@c(cqemu_device_class_init) @implementation
func initializeClass(_ deviceClass: UnsafeMutableRawPointer, _ name: UnsafePointer<CChar>) {
  for type in DeviceType.all where unsafe type.name.equals(name) {
    for (index, property) in type.properties.enumerated() {
      unsafe cqemu_add_property(
        deviceClass, UInt32(index), property.name.characters, property.description.characters)
    }
    // The rest has no setter, so it waits for a layout that is known.
    guard let hotpluggable = QEMUVersion.running.hotpluggableOffset else { return }
    let miscellaneous: UInt64 = 1 << 7  // DEVICE_CATEGORY_MISC
    let head = unsafe deviceClass.assumingMemoryBound(to: CQEMUDeviceClass.self)
    unsafe head.pointee.categories |= miscellaneous
    unsafe head.pointee.description = type.description.characters
    unsafe deviceClass.storeBytes(of: false, toByteOffset: hotpluggable, as: Bool.self)
  }
}

@c(cqemu_device_property) @implementation
func property(_ object: UnsafeMutableRawPointer, _ number: UInt32) -> UnsafePointer<CChar>? {
  unsafe UnsafePointer(Device.find(object)[Int(number)])
}

@c(cqemu_set_device_property) @implementation
func setProperty(
  _ object: UnsafeMutableRawPointer, _ number: UInt32, _ value: UnsafePointer<CChar>,
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) {
  do throws(RealizationError) {
    try unsafe Device.find(object).set(Int(number), to: value)
  } catch {
    unsafe error.set(result)
  }
}

@c(cqemu_device_init) @implementation
func initializeDevice(_ object: UnsafeMutableRawPointer) {
  let name = unsafe qemu.object_get_typename(object)!
  for type in DeviceType.all where unsafe type.name.equals(name) {
    unsafe Device.add(type.device.init(object, propertyCount: type.properties.count))
  }
}

@c(cqemu_device_finalize) @implementation
func finalizeDevice(_ object: UnsafeMutableRawPointer) {
  unsafe Device.remove(object)
}

@c(cqemu_device_realize) @implementation
func realizeDevice(
  _ object: UnsafeMutableRawPointer, _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> Bool {
  do throws(RealizationError) {
    try QEMUVersion.running.check()
    let device = unsafe Device.find(object)
    try device.realize()
    device.isRealized = true
    return true
  } catch {
    unsafe error.set(result)
    return false
  }
}
