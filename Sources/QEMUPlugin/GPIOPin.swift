import CQEMU

/// How the GPIO controllers of an SoC are found, and their pins named.
enum GPIOControllers {
  /// Eight controllers with 32 pins each, `gpio[0]` to `gpio[7]`: pins are 0 to 255.
  case npcm7xx
  /// One controller: pins are A0 to X7. There are more groups, but which of their pins exist, and
  /// so which output is whose, differs from part to part.
  case aspeed

  /// What a pin is called, for a user who has called it something else.
  var names: StaticString {
    switch self {
    case .npcm7xx: "0 to 255"
    case .aspeed: "A0 to X7"
    }
  }
}

/// A GPIO pin of the SoC, tied to something outside.
@safe struct GPIOPin {
  private let controllers: GPIOControllers
  /// The controller's object.
  private let controller: UnsafeMutableRawPointer
  /// As ``GPIOControllers`` counts; eight to a group.
  private let number: Int
  /// Whether the line is asserted while the pin is low.
  let isActiveLow: Bool

  /// The pin that `property=text` names: its name, then `:low` or `:high` where it is active so.
  ///
  /// - Parameter isActiveLow: Where the text does not say.
  init(
    _ text: UnsafePointer<CChar>, of property: StaticString, on soc: SoC, isActiveLow: Bool
  ) throws(RealizationError) {
    guard let name = unsafe Name(text, isActiveLow: isActiveLow, soc.gpio) else {
      throw unsafe RealizationError(
        .literal(property), " '", .string(text), "' is no GPIO of ", .literal(soc.type),
        ": give one from ", .literal(soc.gpio.names), ",",
        " with :low or :high for where it is active")
    }
    controllers = soc.gpio
    number = name.number
    self.isActiveLow = name.isActiveLow
    let path: StaticString =
      switch (soc.gpio, number / 32) {
      case (.aspeed, _): "/machine/soc/gpio"
      case (.npcm7xx, 0): "/machine/soc/gpio[0]"
      case (.npcm7xx, 1): "/machine/soc/gpio[1]"
      case (.npcm7xx, 2): "/machine/soc/gpio[2]"
      case (.npcm7xx, 3): "/machine/soc/gpio[3]"
      case (.npcm7xx, 4): "/machine/soc/gpio[4]"
      case (.npcm7xx, 5): "/machine/soc/gpio[5]"
      case (.npcm7xx, 6): "/machine/soc/gpio[6]"
      case (.npcm7xx, _): "/machine/soc/gpio[7]"
      }
    guard let controller = unsafe qemu.object_resolve_path(path.characters, nil) else {
      throw RealizationError("this QEMU has no ", .literal(path))
    }
    unsafe self.controller = controller
  }

  /// Calls `handler` with `opaque`, `tag` and the level at every change that the BMC makes: 1, 0,
  /// or negative for a pin that it does not drive. Who watched the pin before does no longer.
  func watch(
    tag: Int32, opaque: UnsafeMutableRawPointer,
    _ handler: @convention(c) (UnsafeMutableRawPointer?, Int32, Int32) -> Void
  ) {
    let line = unsafe qemu.qemu_allocate_irq(handler, opaque, tag)
    switch controllers {
    case .npcm7xx:
      _ = unsafe qemu.qdev_intercept_gpio_out(controller, line, nil, Int32(number % 32))
    case .aspeed:
      // Output 0 is the controller's interrupt.
      let name: StaticString = "sysbus-irq"
      _ = unsafe qemu.qdev_intercept_gpio_out(
        controller, line, name.characters, Int32(1 + number))
    }
  }

  /// Drives the pin, for the BMC to read.
  func drive(asserted: Bool) {
    let level = asserted != isActiveLow
    switch controllers {
    case .npcm7xx:
      unsafe qemu.qemu_set_irq(
        qemu.qdev_get_gpio_in(controller, Int32(number % 32))!, level ? 1 : 0)
    case .aspeed:
      var name: [CChar] = []
      for index in 0..<4 { name.append(Self.prefix(index)) }
      name += [CChar(65 + number / 8), CChar(48 + number % 8), 0]
      unsafe name.withUnsafeBufferPointer { name in
        _ = unsafe qemu.object_property_set_bool(controller, name.baseAddress!, level, nil)
      }
    }
  }

  /// A letter of `gpio`.
  private static func prefix(_ index: Int) -> CChar { [0x67, 0x70, 0x69, 0x6F][index] }

  /// What the text of a property says.
  private struct Name {
    var number: Int
    var isActiveLow: Bool

    init?(_ text: UnsafePointer<CChar>, isActiveLow: Bool, _ controllers: GPIOControllers) {
      self.isActiveLow = isActiveLow
      var end = unsafe text
      switch controllers {
      case .npcm7xx:
        number = 0
        while let digit = unsafe Self.digit(end.pointee, below: 10), number < 256 {
          number = number * 10 + digit
          unsafe end += 1
        }
        guard unsafe end != text, number < 256 else { return nil }
      case .aspeed:
        // Letters of either case: 41h is A.
        let group = unsafe Int(end[0] & ~0x20) - 0x41
        guard (0..<24).contains(group), let pin = unsafe Self.digit(end[1], below: 8) else {
          return nil
        }
        number = group * 8 + pin
        unsafe end += 2
      }
      if unsafe qemu.g_strcmp0(end, (":low" as StaticString).characters) == 0 {
        self.isActiveLow = true
      } else if unsafe qemu.g_strcmp0(end, (":high" as StaticString).characters) == 0 {
        self.isActiveLow = false
      } else if unsafe end.pointee != 0 {
        return nil
      }
    }

    private static func digit(_ character: CChar, below limit: Int) -> Int? {
      let value = Int(character) - 48
      return (0..<limit).contains(value) ? value : nil
    }
  }
}
