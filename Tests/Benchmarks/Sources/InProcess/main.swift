import BMCPeripherals
import CMeasure
import IPMI
import IPMIHostBridge
import SystemInterfaces
import VMProtocol

/// Get Device ID as QEMU sends it: id, NetFn and LUN, command, checksum, end.
let request: [UInt8] = [0x00, 0x18, 0x01, 0xE7, 0xA0]

/// Whole transactions: bytes from the host in, bytes for the host out.
func measureTransactions() {
  let machine = Machine()
  var firmware = Firmware(machine)
  var output = 0
  func transact() {
    machine.receive(request.span)
    firmware.run()
    output = machine.takeOutput()
  }
  transact()
  firmware.port.recording = []
  transact()
  let recording = firmware.port.recording!
  firmware.port.recording = nil
  emit("transaction.accesses", "", UInt64(recording.count))
  // Id, 18 bytes of the message, checksum, end.
  precondition(output == 21)

  let count = 2_000
  Comparison.measure("transaction", operations: count) {
    for _ in 0..<count { transact() }
  } floor: {
    for _ in 0..<count {
      unsafe recording.withUnsafeBufferPointer { accesses in
        var device = unsafe cmeasure_empty_device
        _ = unsafe cmeasure_access(&device, accesses.baseAddress!, accesses.count)
      }
    }
  }

  measureAccesses(recording)
  measureTraces(recording)
}

/// The accesses of a transaction alone, made again and again as an emulator makes them.
func measureAccesses(_ recording: [CMeasureAccess]) {
  let machine = Machine()
  var device = unsafe machine.device()
  var empty = unsafe cmeasure_empty_device
  let count = 2_000
  unsafe recording.withUnsafeBufferPointer { accesses in
    Comparison.measure("access.transaction", operations: count * accesses.count) {
      for _ in 0..<count {
        machine.receive(request.span)
        _ = unsafe cmeasure_access(&device, accesses.baseAddress!, accesses.count)
        machine.takeOutput()
      }
    } floor: {
      for _ in 0..<count {
        _ = unsafe cmeasure_access(&empty, accesses.baseAddress!, accesses.count)
      }
    }
  }
  let poll = [CMeasureAccess](
    repeating: CMeasureAccess(offset: 0x0C, value: 0, is_write: 0), count: 100_000)
  unsafe poll.withUnsafeBufferPointer { accesses in
    Comparison.measure("access.poll", operations: accesses.count) {
      _ = unsafe cmeasure_access(&device, accesses.baseAddress!, accesses.count)
    } floor: {
      _ = unsafe cmeasure_access(&empty, accesses.baseAddress!, accesses.count)
    }
  }
}

measureTransactions()
measureLink()
measureCodec()

emit("size.module", "", UInt64(MemoryLayout<NPCM7xxHostInterface>.size))
emit("size.bridge", "", UInt64(MemoryLayout<IPMIHostBridge<KCSHost>>.size))
emit("size.responder", "", UInt64(MemoryLayout<KCSResponder<300>>.size))
