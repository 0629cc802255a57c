/// What goes over the socket between a host and its BMC, in bytes of the VM protocol.
public enum WireEvent: Sendable {
  case connected
  case disconnected
  case hostSent([UInt8])
  case bmcSent([UInt8])
}
