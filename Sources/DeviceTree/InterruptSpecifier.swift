/// An interrupt as a device tree states it: a controller, and what that controller's cells say.
public struct InterruptSpecifier: Sendable, Equatable, CustomStringConvertible {
  /// Path of the interrupt controller's node.
  public let controller: String
  /// As many cells as the controller's `#interrupt-cells`.
  public let cells: [UInt32]
  /// Whether the controller is an ARM GIC: three cells, kind, number and trigger.
  public let isGIC: Bool

  /// The number of the interrupt, counted as its controller does: for a GIC, within its kind.
  public var number: UInt32? { isGIC ? cells[1] : cells.first }

  public var description: String {
    guard isGIC else { return cells.map(String.init).joined(separator: " ") }
    let kind = cells[0] == 0 ? "SPI" : cells[0] == 1 ? "PPI" : "kind \(cells[0])"
    return "\(kind) \(cells[1]) \(InterruptTrigger(cells[2]))"
  }
}

/// The edge or level that raises an interrupt, as device trees encode it (`IRQ_TYPE_*`).
public struct InterruptTrigger: Sendable, Equatable, CustomStringConvertible {
  public var encoding: UInt32

  public init(_ encoding: UInt32) { self.encoding = encoding }

  public var description: String {
    // Bits 8 and up of a GIC's third cell are a mask of processors.
    switch encoding & 0xF {
    case 1: "rising"
    case 2: "falling"
    case 3: "both edges"
    case 4: "high"
    case 8: "low"
    default: "trigger \(encoding)"
    }
  }
}

extension DeviceTree {
  /// The interrupts of the node, from `interrupts-extended` or `interrupts`.
  ///
  /// Empty where they are malformed or their controller is unknown. `interrupt-map` is not followed:
  /// no BMC's host interface is behind one.
  public func interrupts(of index: Int) -> [InterruptSpecifier] {
    let extended = nodes[index].cells("interrupts-extended")
    let stated = extended.isEmpty ? nodes[index].cells("interrupts") : extended
    let inherited = extended.isEmpty ? interruptParent(of: index) : nil
    var rest = stated[...]
    var interrupts: [InterruptSpecifier] = []
    while !rest.isEmpty {
      let phandle = extended.isEmpty ? inherited : rest.popFirst()
      guard let phandle, let controller = phandles[phandle],
        let count = nodes[controller].cell("#interrupt-cells"), (1...8).contains(count),
        rest.count >= count
      else { return [] }
      interrupts.append(
        InterruptSpecifier(
          controller: nodes[controller].path, cells: Array(rest.prefix(Int(count))),
          isGIC: count == 3
            && nodes[controller].strings("compatible").contains { $0.hasSuffix("-gic") }))
      rest = rest.dropFirst(Int(count))
    }
    return interrupts
  }

  /// The phandle of the controller that the node or the nearest node above it names.
  private func interruptParent(of index: Int) -> UInt32? {
    var node: Int? = index
    while let here = node {
      if let phandle = nodes[here].cell("interrupt-parent") { return phandle }
      node = nodes[here].parent
    }
    return nil
  }
}
