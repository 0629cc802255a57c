import CRegisterLink
import RegisterLink

/// One side's end of a link in a file, which stays mapped until the program ends.
@safe public struct MappedLink: LinkMemory, @unchecked Sendable {
  private let end: UnsafeMutablePointer<ihb_link_end>

  /// The two sides, each of which is there once at most.
  public enum Side: Sendable {
    case bmc, host
  }

  /// Joins the link at `path`, a C string; the file is made where there is none.
  ///
  /// - Parameter failed: Gets why that was not possible, as a C string; then there is no link.
  public init?(
    path: UnsafePointer<CChar>, side: Side, failed: (UnsafePointer<CChar>) -> Void
  ) {
    unsafe end = .allocate(capacity: 1)
    let problem = unsafe ihb_link_join(path, side == .bmc ? IHB_LINK_BMC : IHB_LINK_HOST, end)
    if let problem = unsafe problem {
      unsafe end.deallocate()
      unsafe failed(problem)
      return nil
    }
  }

  /// From now on, a file that somebody makes shorter does not end this program: see
  /// `ipmi_host_bridge_link.h`.
  public func surviveTruncation() { unsafe ihb_link_survive_truncation(end) }

  /// Leaves the link, which must not be used any more; what is in it stays.
  public func leave() {
    unsafe ihb_link_leave(end)
    unsafe end.deallocate()
  }

  /// The descriptor that becomes readable when the other side rings; then ``drain()``.
  public var doorbell: Int32 { unsafe end.pointee.doorbell }

  /// Has the other side look again.
  public func ring() { unsafe ihb_link_ring(end) }

  /// Has this side look again, when it waits for its doorbell next.
  public func ringOwn() { unsafe ihb_link_ring_own(end) }

  /// Forgets that the other side has rung; the words are to be looked at afterwards.
  public func drain() { unsafe ihb_link_drain(end) }

  public func load(_ number: Int) -> UInt64 { unsafe ihb_link_load(end.pointee.words!, number) }

  public func store(_ value: UInt64, to number: Int) {
    unsafe ihb_link_store(end.pointee.words!, number, value)
  }

  public func compareExchange(_ number: Int, expected: inout UInt64, _ value: UInt64) -> Bool {
    unsafe ihb_link_compare_exchange(end.pointee.words!, number, &expected, value)
  }
}
