import CLibFDT

/// The nodes of a flattened device tree, as values.
///
/// Format: Devicetree Specification 0.4, chapter 5. libfdt reads it, once, in `init(_:)`; nothing
/// refers to the bytes afterwards.
public struct DeviceTree: Sendable {
  /// A node: its name, properties, and place.
  public struct Node: Sendable {
    /// The path from the root, `/` for the root itself.
    public var path: String
    /// Index of the parent in `nodes`; `nil` for the root.
    public var parent: Int?
    /// The properties' values by name, as stored: big-endian cells, strings ended by zero.
    public var properties: [String: [UInt8]]
  }

  /// The largest file that is read, in bytes.
  public static let sizeLimit = 16 << 20

  /// Every node, a parent before its children.
  public let nodes: [Node]
  /// Indices in `nodes` by phandle.
  let phandles: [UInt32: Int]

  /// The device tree in `bytes`, the contents of a `.dtb` file.
  public init(_ bytes: [UInt8]) throws(DeviceTreeError) {
    guard bytes.count <= Self.sizeLimit else { throw .tooLarge }
    guard bytes.count >= 4 else { throw .truncated }
    guard bytes[..<4] == [0xD0, 0x0D, 0xFE, 0xED] else { throw .notADeviceTree }
    guard bytes.count >= MemoryLayout<fdt_header>.size else { throw .truncated }
    let read: Result<[Node], DeviceTreeError> = unsafe bytes.withUnsafeBytes {
      unsafe readNodes($0)
    }
    nodes = try read.get()
    var phandles: [UInt32: Int] = [:]
    for (index, node) in nodes.enumerated() {
      if let phandle = node.cell("phandle") ?? node.cell("linux,phandle") {
        phandles[phandle] = index
      }
    }
    self.phandles = phandles
    if nodes.contains(where: { $0.path.hasSuffix("/__overlay__") }) { throw .overlay }
  }
}

/// Every node of the tree in `blob`.
///
/// `fdt_check_full` proves offsets, lengths, strings and nesting before anything is followed.
private func readNodes(
  _ blob: UnsafeRawBufferPointer
) -> Result<[DeviceTree.Node], DeviceTreeError> {
  let tree = blob.baseAddress!
  // libfdt 1.6.1 follows a null pointer in trees of before 2005, which have no size of their nodes.
  guard unsafe UInt32(bigEndian: blob.loadUnaligned(fromByteOffset: 20, as: UInt32.self)) >= 17
  else { return .failure(error(-FDT_ERR_BADVERSION)) }
  let status = unsafe fdt_check_full(tree, blob.count)
  guard status == 0 else { return .failure(error(status)) }
  var nodes: [DeviceTree.Node] = []
  // The indices of the nodes from the root to where the walk is.
  var ancestors: [Int] = []
  var depth: Int32 = -1
  var offset: Int32 = -1
  while true {
    offset = unsafe fdt_next_node(tree, offset, &depth)
    if offset == -FDT_ERR_NOTFOUND || offset >= 0 && depth < 0 { return .success(nodes) }
    guard offset >= 0 else { return .failure(error(offset)) }
    var length: Int32 = 0
    guard let pointer = unsafe fdt_get_name(tree, offset, &length), Int(depth) <= ancestors.count
    else {
      return .failure(error(-FDT_ERR_BADSTRUCTURE))
    }
    // Paths are kept, so a file that nests or names without end would fill the memory.
    guard depth <= 64, length <= 255 else { return .failure(.unreasonable) }
    ancestors.removeLast(ancestors.count - Int(depth))
    let parent = ancestors.last
    let above = parent.map { nodes[$0].path } ?? ""
    let name = unsafe String(cString: pointer)
    let path = parent == nil ? "/" : (above == "/" ? "/" : above + "/") + name
    ancestors.append(nodes.count)
    nodes.append(
      DeviceTree.Node(path: path, parent: parent, properties: unsafe readProperties(tree, offset)))
  }
}

private func readProperties(_ tree: UnsafeRawPointer, _ node: Int32) -> [String: [UInt8]] {
  var properties: [String: [UInt8]] = [:]
  var offset = unsafe fdt_first_property_offset(tree, node)
  while offset >= 0 {
    var name: UnsafePointer<CChar>?
    var length: Int32 = 0
    if let value = unsafe fdt_getprop_by_offset(tree, offset, &name, &length), length >= 0,
      let name = unsafe name
    {
      let bytes = unsafe UnsafeRawBufferPointer(start: value, count: Int(length))
      properties[unsafe String(cString: name)] = unsafe Array(bytes)
    }
    offset = unsafe fdt_next_property_offset(tree, offset)
  }
  return properties
}

private func error(_ status: Int32) -> DeviceTreeError {
  status == -FDT_ERR_TRUNCATED
    ? .truncated : .malformed(unsafe String(cString: fdt_strerror(status)))
}
