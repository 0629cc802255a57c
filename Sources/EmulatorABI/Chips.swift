// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The functions have the names that the header gives them.

import BMCPeripherals
import CIPMIHostBridge

// Making, ending and describing.

@c @implementation
public func ihb_soc_name(
  _ index: UInt32, _ name: UnsafeMutablePointer<UnsafePointer<CChar>?>?
) -> ihb_error {
  guard let name = unsafe name else { return failNull("name") }
  let all = SystemOnChip.all
  guard Int(index) < all.count else {
    return fail(
      IHB_ERROR_OUT_OF_RANGE, "there are ", UInt64(all.count), " systems on chip, counted from 0")
  }
  unsafe name.pointee = all[Int(index)].name.characters
  return IHB_OK
}

@c @implementation
public func ihb_create(
  _ name: UnsafePointer<CChar>?, _ soc: UnsafeMutablePointer<OpaquePointer?>?
) -> ihb_error {
  guard let name = unsafe name else { return failNull("name") }
  guard let soc = unsafe soc else { return failNull("soc") }
  var count = 0
  while unsafe count <= 64 && name[count] != 0 { count += 1 }
  guard unsafe make(UnsafeBufferPointer(start: name, count: count), soc) else {
    return unsafe fail(
      IHB_ERROR_UNKNOWN_SOC, "unknown system on chip '", name, "': ihb_soc_name lists them")
  }
  return IHB_OK
}

@c @implementation
public func ihb_create_from_dtb(
  _ tree: UnsafeRawPointer?, _ size: Int, _ soc: UnsafeMutablePointer<OpaquePointer?>?
) -> ihb_error {
  guard let tree = unsafe tree else { return failNull("dtb") }
  guard let soc = unsafe soc else { return failNull("soc") }
  let capacity = 1024
  let strings = UnsafeMutablePointer<CChar>.allocate(capacity: capacity)
  defer { unsafe strings.deallocate() }
  var length = 0
  let error = unsafe ihb_internal_compatible(tree, size, strings, capacity, &length)
  guard error == IHB_OK else { return error }
  var start = 0
  for index in 0..<length {
    switch unsafe UInt8(bitPattern: strings[index]) {
    // The name is what follows the vendor.
    case UInt8(ascii: ","): start = index + 1
    case 0:
      let name = unsafe UnsafeBufferPointer(start: strings + start, count: index - start)
      if unsafe make(name, soc) { return IHB_OK }
      start = index + 1
    default: break
    }
  }
  guard length > 0 else {
    return fail(
      IHB_ERROR_UNKNOWN_SOC, "the device tree's root has no 'compatible' that names a chip")
  }
  return unsafe fail(
    IHB_ERROR_UNKNOWN_SOC, "unknown system on chip in a board that is compatible to '", strings,
    "': ihb_soc_name lists those known")
}

/// Makes the chip of this name; `false` where none is known.
private func make(
  _ name: UnsafeBufferPointer<CChar>, _ soc: UnsafeMutablePointer<OpaquePointer?>
) -> Bool {
  guard let chip = unsafe SystemOnChip.named(name.lazy.map { UInt8(bitPattern: $0) }) else {
    return false
  }
  let new: SoC =
    switch chip.module {
    case .npcm7xx: ModuleSoC(NPCM7xxHostInterface(), of: chip)
    case .aspeed(let generation):
      ModuleSoC(AspeedHostInterface(AspeedLPC(generation)), of: chip)
    }
  unsafe soc.pointee = OpaquePointer(Unmanaged.passRetained(new).toOpaque())
  return true
}

@c @implementation
public func ihb_destroy(_ soc: OpaquePointer?) {
  guard let soc = unsafe soc else { return }
  unsafe Unmanaged<SoC>.fromOpaque(UnsafeRawPointer(soc)).release()
}

@c @implementation
public func ihb_describe(
  _ soc: OpaquePointer?, _ description: UnsafeMutablePointer<ihb_description>?
) -> ihb_error {
  guard let description = unsafe description else { return failNull("description") }
  return unsafe with(soc) { soc in
    let chip = soc.chip
    var result = unsafe ihb_description()
    unsafe result.name = chip.name.characters
    unsafe result.base = chip.base
    unsafe result.size = chip.size
    unsafe result.interrupt_line_count = UInt32(chip.interruptLines.count)
    unsafe withUnsafeMutableBytes(of: &result.interrupt_lines) { bytes in
      let lines = unsafe bytes.assumingMemoryBound(to: UInt32.self)
      for index in chip.interruptLines.indices where index < lines.count {
        unsafe lines[index] = UInt32(chip.interruptLines[index].number)
      }
    }
    for index in chip.responders.indices {
      unsafe result.responders |= 1 << UInt32(chip.responders[index].channel)
    }
    unsafe result.decodes_host_ports = soc.decodesHostPorts
    unsafe description.pointee = result
    return IHB_OK
  }
}
