import CQEMU
import RegisterLink
import RegisterLinkFile
import SystemInterfaces
import Tracing

/// A KCS channel of a link for a host that may look late at ODR.
@safe final class LateKCSChannel: LinkedChannel<LateKCSPorts<MappedLink>> {
  /// QEMU's `QEMUTimer`, and when it fires; `nil` while it is stopped, or has never been used.
  private let timer = unsafe allocateOpaque(byteCount: 256)
  private var wakeUpTime: UInt64?

  init(
    _ ports: LateKCSPorts<MappedLink>, of link: LPCLink, interrupt: Int?, delay: UInt64,
    _ trace: PortTrace?
  ) {
    super.init(ports, of: link, interrupt: interrupt, trace)
    let nanoseconds: Int32 = 1
    unsafe qemu.timer_init_full(
      timer, nil, realTimeClock, nanoseconds, 0,
      { opaque in
        let channel = unsafe Unmanaged<LateKCSChannel>.fromOpaque(opaque!).takeUnretainedValue()
        channel.wakeUpTime = nil
        channel.settle()
      }, Unmanaged.passUnretained(self).toOpaque())
    self.ports.delay = delay
  }

  /// Has the host look so many nanoseconds late from now on.
  func delayOutput(by delay: UInt64) {
    ports.delay = delay
    advance()
    settle()
  }

  override func read(_ port: UInt16) -> UInt8 {
    if ports.delay > 0 { advance() }
    return super.read(port)
  }

  override func write(_ value: UInt8, to port: UInt16) {
    if ports.delay > 0 { advance() }
    super.write(value, to: port)
  }

  override func settle() {
    if ports.delay > 0 { advance() }
    super.settle()
  }

  private func advance() {
    guard let time = ports.advance(to: realTime), time != wakeUpTime else { return }
    wakeUpTime = time
    unsafe qemu.timer_mod_ns(timer, Int64(clamping: time))
  }
}
