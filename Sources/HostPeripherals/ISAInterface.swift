/// An interface on the host's ISA or LPC bus, or at a fixed address in memory.
///
/// Decodes addresses only: the channel, which the BMC shares, is passed in. Defaults are those of
/// IPMI v2.0, section 9.5 and 11.5, and of QEMU's `isa-ipmi-kcs` and `isa-ipmi-bt`.
public struct ISAInterface: Hashable, Sendable {
  public var type: InterfaceType
  public var window: RegisterWindow
  /// The ISA interrupt, level; 0: none.
  public var interrupt: UInt8

  public init(_ type: InterfaceType, window: RegisterWindow, interrupt: UInt8 = 5) {
    self.type = type
    self.window = window
    self.interrupt = interrupt
  }

  /// KCS at ports CA2h and CA3h.
  public static var kcs: ISAInterface {
    ISAInterface(.kcs, window: RegisterWindow(.io, base: 0xCA2, registerCount: 2))
  }

  /// BT at ports E4h to E6h.
  public static var bt: ISAInterface {
    ISAInterface(.bt, window: RegisterWindow(.io, base: 0xE4, registerCount: 3))
  }
}
