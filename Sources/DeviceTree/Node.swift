extension DeviceTree.Node {
  /// The 32-bit cells of the property; empty where there is none or it is no whole number of cells.
  public func cells(_ name: String) -> [UInt32] {
    guard let bytes = properties[name], bytes.count % 4 == 0 else { return [] }
    return stride(from: 0, to: bytes.count, by: 4).map { at in
      bytes[at..<at + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
  }

  /// The property, if it is one cell.
  public func cell(_ name: String) -> UInt32? {
    let cells = cells(name)
    return cells.count == 1 ? cells[0] : nil
  }

  /// The strings of the property.
  public func strings(_ name: String) -> [String] {
    (properties[name] ?? []).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The node's name with its unit address.
  public var name: Substring { path.split(separator: "/").last ?? "" }

  /// `#address-cells` that hold for the children; 2 where the node does not say.
  var addressCells: Int { cellCount("#address-cells", 2) }

  /// `#size-cells` that hold for the children; 1 where the node does not say.
  var sizeCells: Int { cellCount("#size-cells", 1) }

  private func cellCount(_ name: String, _ unsaid: Int) -> Int {
    properties[name] == nil ? unsaid : cell(name).map(Int.init) ?? -1
  }
}
