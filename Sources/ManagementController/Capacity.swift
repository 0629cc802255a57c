import IPMI

// How much content a controller holds. Firmware has a board's own and little memory; elsewhere
// there is room for all that QEMU's ipmi-bmc-sim accepts, and more sensors than it has, and memory
// only for what is there.
#if hasFeature(Embedded)
  typealias SDRStorage = InlineArray<2048, UInt8>
  typealias FRUStorage = InlineArray<512, UInt8>
  typealias SensorStorage = InlineArray<16, Sensor>
  typealias EventStorage = InlineArray<128, EventRecord>
  typealias MessageStorage = InlineArray<4, FixedBytes<300>>
#else
  typealias SDRStorage = GrowingArray<16384, UInt8>
  typealias FRUStorage = GrowingArray<8192, UInt8>
  typealias SensorStorage = GrowingArray<64, Sensor>
  typealias EventStorage = GrowingArray<128, EventRecord>
  typealias MessageStorage = GrowingArray<4, FixedBytes<300>>

  /// What an `InlineArray` holds, in memory that grows with what was written to it.
  ///
  /// Elements behind the last one that was written are `blank`. A copy shares the memory until one of
  /// the two is changed.
  struct GrowingArray<let count: Int, Element: Sendable>: Sendable {
    private var elements: [Element] = []
    private let blank: Element

    /// All elements are `blank`.
    init(repeating blank: Element) { self.blank = blank }

    /// The element at `index`, `0..<count`.
    subscript(index: Int) -> Element {
      _read {
        precondition(index >= 0 && index < Self.count)
        if index < elements.count { yield elements[index] } else { yield blank }
      }
      _modify {
        precondition(index >= 0 && index < Self.count)
        while elements.count <= index { elements.append(blank) }
        yield &elements[index]
      }
    }
  }
#endif
