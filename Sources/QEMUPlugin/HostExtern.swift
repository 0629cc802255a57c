import CQEMU

/// One `-device ipmi-host-extern`: what the user has asked for.
///
/// It ties a chardev, at whose other end a host's `ipmi-bmc-extern` speaks the VM wire protocol,
/// to an interface of the BMC. QEMU owns the object, whose size is QEMU's; this stands beside it
/// and is found by its address.
@safe final class HostExtern {
  private let object: UnsafeMutableRawPointer
  /// `chardev=`, on GLib's heap.
  fileprivate var chardev: UnsafeMutablePointer<CChar>?
  /// `responder=`, on GLib's heap.
  fileprivate var responder: UnsafeMutablePointer<CChar>?

  private init(_ object: UnsafeMutableRawPointer) {
    unsafe self.object = object
  }

  deinit {
    unsafe qemu.g_free(chardev)
    unsafe qemu.g_free(responder)
  }

  // MARK: All of them

  /// Every device made and not freed. Guarded, as all else here, by QEMU's big lock.
  private nonisolated(unsafe) static var all: [HostExtern] = []
  /// The registers, once a device is realized.
  private nonisolated(unsafe) static var hostInterface: HostInterface?

  private static func hostInterface(of soc: SoC) throws(RealizationError) -> HostInterface {
    if let hostInterface = unsafe hostInterface { return hostInterface }
    let new = try soc.makeHostInterface()
    unsafe hostInterface = new
    return new
  }

  fileprivate static func add(_ object: UnsafeMutableRawPointer) {
    unsafe all.append(HostExtern(object))
  }

  fileprivate static func remove(_ object: UnsafeMutableRawPointer) {
    unsafe all.removeAll { unsafe $0.object == object }
  }

  fileprivate static func find(_ object: UnsafeMutableRawPointer?) -> HostExtern {
    for device in unsafe all where unsafe device.object == object { return device }
    fatalError()  // QEMU calls for objects only that it has made
  }

  // MARK: Realization

  /// Connects the device, or says in one line why not.
  fileprivate func realize() throws(RealizationError) {
    try QEMUVersion.running.check()
    let soc = try SoC.ofMachine()
    let responder = try responder(of: soc)
    guard let id = unsafe chardev else {
      throw RealizationError(
        "chardev is missing: give the id of the -chardev that leads to the host")
    }
    guard let chardev = unsafe qemu.qemu_chr_find(id) else {
      throw unsafe RealizationError("chardev '", .string(id), "' does not exist")
    }
    let hostInterface = try Self.hostInterface(of: soc)
    guard !hostInterface.isTaken(responder) else {
      throw RealizationError(
        "responder '", .literal(responder.name), "' already has an ipmi-host-extern")
    }
    try unsafe hostInterface.connect(responder, to: chardev, id: id)
  }

  /// What `responder=` names.
  private func responder(of soc: SoC) throws(RealizationError) -> Responder {
    guard let name = unsafe responder else {
      throw RealizationError("responder is missing: choose one of ", .responders(soc.responders))
    }
    guard let responder = unsafe Responder(name) else {
      throw unsafe RealizationError(
        "responder '", .string(name), "' is unknown: choose one of ", .responders(soc.responders))
    }
    guard soc.responders.contains(responder) else {
      throw unsafe RealizationError(
        "responder '", .string(name), "' is not on ", .literal(soc.type), ", which has ",
        .responders(soc.responders))
    }
    return responder
  }
}

// MARK: - What QEMU calls

@c(ipmi_host_extern_class_init) @implementation
func initializeClass(_ deviceClass: UnsafeMutableRawPointer) {
  _ = unsafe qemu.object_class_property_add_str(
    deviceClass, "chardev",
    { object, _ in unsafe qemu.g_strdup(HostExtern.find(object).chardev) },
    { object, value, _ in
      let device = unsafe HostExtern.find(object)
      unsafe qemu.g_free(device.chardev)
      unsafe device.chardev = unsafe qemu.g_strdup(value)
    })
  unsafe qemu.object_class_property_set_description(
    deviceClass, "chardev", "id of the chardev that leads to the host's ipmi-bmc-extern")
  _ = unsafe qemu.object_class_property_add_str(
    deviceClass, "responder",
    { object, _ in unsafe qemu.g_strdup(HostExtern.find(object).responder) },
    { object, value, _ in
      let device = unsafe HostExtern.find(object)
      unsafe qemu.g_free(device.responder)
      unsafe device.responder = unsafe qemu.g_strdup(value)
    })
  unsafe qemu.object_class_property_set_description(
    deviceClass, "responder", "interface of the BMC that answers the host: kcs1 to kcs4, or ibt")

  // The rest has no setter, so it waits for a layout that is known.
  guard let hotpluggable = QEMUVersion.running.hotpluggableOffset else { return }
  let miscellaneous: UInt64 = 1 << 7  // DEVICE_CATEGORY_MISC
  let head = unsafe deviceClass.assumingMemoryBound(to: CQEMUDeviceClass.self)
  unsafe head.pointee.categories |= miscellaneous
  unsafe head.pointee.description = description.characters
  unsafe deviceClass.storeBytes(of: false, toByteOffset: hotpluggable, as: Bool.self)
}

private let description: StaticString = "IPMI host, reached through a chardev"

@c(ipmi_host_extern_instance_init) @implementation
func initializeInstance(_ device: UnsafeMutableRawPointer) {
  unsafe HostExtern.add(device)
}

@c(ipmi_host_extern_instance_finalize) @implementation
func finalizeInstance(_ device: UnsafeMutableRawPointer) {
  unsafe HostExtern.remove(device)
}

@c(ipmi_host_extern_realize) @implementation
func realizeInstance(
  _ device: UnsafeMutableRawPointer, _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> Bool {
  do throws(RealizationError) {
    try unsafe HostExtern.find(device).realize()
    return true
  } catch {
    unsafe error.set(result)
    return false
  }
}
