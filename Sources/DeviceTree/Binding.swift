/// How a kind of host interface is described: the kernel's bindings, as a table.
///
/// Sources: Linux's `Documentation/devicetree/bindings`, and the drivers `kcs_bmc_aspeed`,
/// `kcs_bmc_npcm7xx`, `bt-bmc` and `aspeed-lpc-snoop`.
struct Binding {
  var compatible: [String]
  var kind: HostPeripheral.Kind
  var channel: @Sendable (DeviceTree.Node) -> Int? = { _ in nil }
  var hostPorts: @Sendable (DeviceTree.Node, _ channel: Int?) -> [UInt16]

  static func named(_ compatible: String) -> Binding? {
    all.first { $0.compatible.contains(compatible) }
  }

  static let all = [
    Binding(
      compatible: ["nuvoton,npcm750-kcs-bmc", "nuvoton,npcm845-kcs-bmc"], kind: .npcm7xxKCS,
      channel: { $0.cell("kcs_chan").map(Int.init) }, hostPorts: { _, _ in [] }),
    // The kernel has no driver; the first name is the one last proposed, the others are in forks.
    Binding(
      compatible: [
        "nuvoton,npcm750-bpc", "nuvoton,npcm845-bpc", "nuvoton,npcm750-lpc-bpc",
        "nuvoton,npcm845-lpc-bpc", "nuvoton,npcm750-lpc-bpc-snoop",
      ], kind: .npcm7xxPOSTCodeFIFO,
      hostPorts: { node, _ in
        let names = ["nuvoton,monitor-ports", "monitor-ports", "snoop-ports"]
        return ports(names.lazy.map(node.cells).first { !$0.isEmpty } ?? [])
      }),
    Binding(
      compatible: [
        "aspeed,ast2400-kcs-bmc-v2", "aspeed,ast2500-kcs-bmc-v2", "aspeed,ast2600-kcs-bmc",
      ], kind: .aspeedKCS,
      // The driver, too, knows the channel by the offset of its input data register.
      channel: { node in
        node.cells("reg").first.flatMap { [0x24: 1, 0x28: 2, 0x2C: 3, 0x114: 4][$0] }
      },
      hostPorts: { node, channel in
        kcsPorts(node.cells("aspeed,lpc-io-reg"), channel)
      }),
    // The deprecated form.
    Binding(
      compatible: ["aspeed,ast2400-kcs-bmc", "aspeed,ast2500-kcs-bmc"], kind: .aspeedKCS,
      channel: { $0.cell("kcs_chan").map(Int.init) },
      hostPorts: { node, channel in kcsPorts(node.cells("kcs_addr"), channel) }),
    Binding(
      compatible: [
        "aspeed,ast2400-ibt-bmc", "aspeed,ast2500-ibt-bmc", "aspeed,ast2600-ibt-bmc",
      ], kind: .aspeedIBT, hostPorts: { _, _ in [0xE4, 0xE5, 0xE6] }),
    Binding(
      compatible: [
        "aspeed,ast2400-lpc-snoop", "aspeed,ast2500-lpc-snoop", "aspeed,ast2600-lpc-snoop",
      ], kind: .aspeedSnoop, hostPorts: { node, _ in ports(node.cells("snoop-ports")) }),
  ]

  /// Data port and status port, stated or, from the data port alone, by the channel's rule: 4 above
  /// it for channels 1 and 2, the next one for channels 3 and 4.
  private static func kcsPorts(_ cells: [UInt32], _ channel: Int?) -> [UInt16] {
    let stated = ports(cells)
    guard stated.count == 1, let channel else { return stated }
    return [stated[0], stated[0] &+ (channel <= 2 ? 4 : 1)]
  }

  /// The cells as I/O ports; none if one of them is no 16-bit number.
  private static func ports(_ cells: [UInt32]) -> [UInt16] {
    let ports = cells.compactMap(UInt16.init(exactly:))
    return ports.count == cells.count ? ports : []
  }
}
