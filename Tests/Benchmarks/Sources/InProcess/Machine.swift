import BMCPeripherals
import CMeasure
import IPMI
import IPMIHostBridge
import SystemInterfaces
import Tracing

/// The host interface module as an emulator carries it: what `HostInterface` and `HostConnection`
/// of the QEMU library are, without QEMU.
@safe final class Machine {
  private var registers = NPCM7xxHostInterface()
  private var host = ChannelBridge(KCSHost())
  private var lineIsHigh = false
  /// How often the line has moved: what is done with its level must not be optimised away.
  private var edges = 0
  /// What happens goes there.
  var trace: Trace?

  init() {
    registers[channel: 1].channel.enables.insert(.hostDecode)
    registers.write(0x01, to: 0x18, width: 1)  // CTL: IBFIE
    host.bridge.connected()
    // What QEMU says first: its protocol's version, and its capabilities, 3Fh.
    receive([0xFF, 0x01, 0xA1, 0x08, 0x3F, 0xA1].span)
    takeOutput()
  }

  /// The device as an emulator calls it. It lives as long as the program.
  func device() -> CMeasureDevice {
    unsafe CMeasureDevice(
      read: { opaque, offset, width in
        unsafe Unmanaged<Machine>.fromOpaque(opaque!)._withUnsafeGuaranteedRef {
          $0.read(Int(truncatingIfNeeded: offset), width: Int(width))
        }
      },
      write: { opaque, offset, value, width in
        unsafe Unmanaged<Machine>.fromOpaque(opaque!)._withUnsafeGuaranteedRef {
          $0.write(value, to: Int(truncatingIfNeeded: offset), width: Int(width))
        }
      },
      opaque: Unmanaged.passRetained(self).toOpaque())
  }

  func read(_ offset: Int, width: Int) -> UInt64 {
    let value = registers.read(offset, width: width)
    settle()
    return value
  }

  func write(_ value: UInt64, to offset: Int, width: Int) {
    registers.write(value, to: offset, width: width)
    settle()
  }

  private func settle() {
    registers.withHost(ofChannel: 1) { channel in
      guard let trace else { return host.advance(&channel, isDue: false, now: 0) }
      return advance(&channel, trace)
    }
    if registers.interrupt != lineIsHigh {
      lineIsHigh.toggle()
      edges &+= 1
    }
  }

  /// What a trace that is off must not cost.
  @inline(never)
  private func advance(_ channel: inout KCSChannel, _ trace: Trace) -> Bool {
    trace.see(channel, after: .bmc)
    guard host.advance(&channel, isDue: false, now: 0) else { return false }
    trace.see(channel, after: .host)
    return true
  }

  var interrupt: Bool { lineIsHigh }

  /// The host sends bytes.
  func receive(_ bytes: Span<UInt8>) {
    trace?.hostSends(bytes)
    host.bridge.receive(bytes, now: 0)
    host.touch()
    settle()
  }

  /// The host takes all bytes that wait for it; returns how many.
  @discardableResult
  func takeOutput() -> Int {
    var chunk = FixedBytes<512>()
    var count = 0
    while host.bridge.hasOutput {
      host.bridge.copyOutput(into: &chunk)
      trace?.bmcSends(chunk)
      host.bridge.consumeOutput(chunk.count)
      count += chunk.count
    }
    return count
  }
}
