import IPMI

// How much content a controller holds. Firmware has a board's own and little memory; elsewhere
// there is room for all that QEMU's ipmi-bmc-sim accepts, and more sensors than it has.
#if hasFeature(Embedded)
  typealias SDRStorage = InlineArray<2048, UInt8>
  typealias FRUStorage = InlineArray<512, UInt8>
  typealias SensorStorage = InlineArray<16, Sensor>
#else
  typealias SDRStorage = InlineArray<16384, UInt8>
  typealias FRUStorage = InlineArray<8192, UInt8>
  typealias SensorStorage = InlineArray<64, Sensor>
#endif
