/// A part of a BMC that its host can reach, as the device tree declares it.
public struct HostPeripheral: Sendable, Equatable {
  /// What it is, by the `compatible` that the kernel's driver matches.
  public enum Kind: Sendable, CaseIterable {
    case npcm7xxKCS, npcm7xxPOSTCodeFIFO, aspeedKCS, aspeedIBT, aspeedSnoop
  }

  public var kind: Kind
  /// Path of the node.
  public var path: String
  /// The node's `compatible`, most specific first.
  public var compatible: [String]
  /// The node's `status`; `okay` where it says none.
  public var status: String
  /// Whether a driver binds: `status` of the node and of every node above it is `okay` or `ok`.
  public var isEnabled: Bool
  /// Its registers, as the BMC's processor addresses them; an ASPEED KCS channel has three, input
  /// data, output data and status.
  public var registers: [AddressRange]
  /// Number of the KCS channel, counted from 1; `nil` for what has no channels.
  public var channel: Int?
  /// I/O ports of the host. KCS: data, then status and command. POST codes: those watched. iBT: the
  /// three from E4h, which the kernel's driver programs and no property states. Empty for an
  /// NPCM7xx's KCS: its SuperIO configuration decides.
  public var hostPorts: [UInt16]
  /// Interrupts to the BMC's processor.
  public var interrupts: [InterruptSpecifier]
  /// Interrupt to the host: number on the SerIRQ line, and trigger; `aspeed,lpc-interrupts`.
  public var serialInterrupt: SerialInterrupt?

  /// An interrupt to the host over the serial interrupt line of its LPC bus.
  public struct SerialInterrupt: Sendable, Equatable, CustomStringConvertible {
    public var number: UInt32
    public var trigger: InterruptTrigger

    public var description: String { "\(number) \(trigger)" }
  }
}

extension DeviceTree {
  /// Every host interface that the tree declares, enabled or not, in the tree's order.
  public var hostPeripherals: [HostPeripheral] {
    nodes.indices.compactMap { index in
      let compatible = nodes[index].strings("compatible")
      guard let binding = compatible.lazy.compactMap(Binding.named).first else { return nil }
      return peripheral(index, compatible, binding)
    }
  }

  private func peripheral(
    _ index: Int, _ compatible: [String], _ binding: Binding
  ) -> HostPeripheral {
    let node = nodes[index]
    let channel = binding.channel(node)
    let serial = node.cells("aspeed,lpc-interrupts")
    return HostPeripheral(
      kind: binding.kind, path: node.path, compatible: compatible, status: status(of: index),
      isEnabled: isEnabled(index), registers: registers(of: index), channel: channel,
      hostPorts: binding.hostPorts(node, channel), interrupts: interrupts(of: index),
      serialInterrupt: serial.count == 2
        ? HostPeripheral.SerialInterrupt(number: serial[0], trigger: InterruptTrigger(serial[1]))
        : nil)
  }

  private func status(of index: Int) -> String {
    nodes[index].strings("status").first ?? "okay"
  }

  private func isEnabled(_ index: Int) -> Bool {
    var node: Int? = index
    while let here = node {
      guard ["okay", "ok"].contains(status(of: here)) else { return false }
      node = nodes[here].parent
    }
    return true
  }
}
