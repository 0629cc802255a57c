/// An address range: where it begins and how many bytes it has.
public struct AddressRange: Sendable, Equatable {
  public var start: UInt64
  public var size: UInt64

  public init(start: UInt64, size: UInt64) {
    self.start = start
    self.size = size
  }
}

extension DeviceTree {
  /// The node's `reg`, as the processor sees it: translated by the `ranges` of every parent.
  ///
  /// Empty where `reg` is missing or malformed, or where a bus on the way has no `ranges` for it.
  public func registers(of index: Int) -> [AddressRange] {
    guard let parent = nodes[index].parent,
      let entry = Entry(address: nodes[parent].addressCells, size: nodes[parent].sizeCells)
    else { return [] }
    var registers: [AddressRange] = []
    for cells in nodes[index].cells("reg").groups(of: entry.count) {
      guard
        let start = translated(number(cells.prefix(entry.address)), from: parent)
      else { return [] }
      registers.append(
        AddressRange(start: start, size: number(cells.dropFirst(entry.address))))
    }
    return registers
  }

  /// `address` on the bus `index`, as the processor sees it.
  private func translated(_ address: UInt64, from index: Int) -> UInt64? {
    var address = address
    var bus = index
    while let parent = nodes[bus].parent {
      guard let ranges = nodes[bus].properties["ranges"] else { return nil }
      if !ranges.isEmpty {
        guard
          let entry = Entry(
            address: nodes[bus].addressCells, size: nodes[bus].sizeCells,
            parent: nodes[parent].addressCells)
        else { return nil }
        let windows = nodes[bus].cells("ranges").groups(of: entry.count)
        let found = windows.lazy.compactMap { cells -> UInt64? in
          let child = number(cells.prefix(entry.address))
          let above = number(cells.dropFirst(entry.address).prefix(entry.parent))
          let size = number(cells.suffix(entry.size))
          guard address >= child, address - child < size else { return nil }
          return above &+ (address - child)
        }.first
        guard let found else { return nil }
        address = found
      }
      bus = parent
    }
    return address
  }

  /// How many cells the parts of a `reg` or `ranges` entry have; each part fits in 64 bits.
  private struct Entry {
    var address: Int
    var size: Int
    var parent: Int
    var count: Int { address + size + parent }

    init?(address: Int, size: Int, parent: Int = 0) {
      guard (1...2).contains(address), (0...2).contains(size), (0...2).contains(parent) else {
        return nil
      }
      (self.address, self.size, self.parent) = (address, size, parent)
    }
  }
}

/// Big-endian cells as one number.
private func number(_ cells: ArraySlice<UInt32>) -> UInt64 {
  cells.reduce(0) { $0 << 32 | UInt64($1) }
}

extension [UInt32] {
  /// The cells in groups of `count`; a rest that is no group is left out.
  fileprivate func groups(of count: Int) -> [ArraySlice<UInt32>] {
    stride(from: 0, to: self.count - self.count % count, by: count).map { self[$0..<$0 + count] }
  }
}
