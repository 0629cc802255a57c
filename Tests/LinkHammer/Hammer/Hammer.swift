import RegisterLink
import RegisterLinkFile
import TestSupport

/// One access, what it got, and when: between two ticks of a clock that both sides share.
public struct HammerEvent: Hashable, Sendable, BitwiseCopyable {
  /// The port, or the place in ``HammerTarget/bmcRegisters``.
  public var place: UInt16
  public var isWrite: Bool
  /// What was written or read.
  public var value: UInt32
  public var start: UInt64
  public var end: UInt64
}

/// Both sides of one link, which make accesses at random as fast as they can.
public enum Hammer<Target: HammerTarget> {
  /// The clock: a word of the file that the link does not use.
  private static var clock: Int { 500 }

  private static func tick(_ memory: MappedLink) -> UInt64 {
    var now = memory.load(clock)
    while !memory.compareExchange(clock, expected: &now, now + 1) {}
    return now
  }

  /// Waits for the other side to have joined, too.
  private static func meet(_ memory: MappedLink) {
    while memory.load(LinkWord.bmcGeneration) == 0 || memory.load(LinkWord.hostGeneration) == 0
      || memory.load(clock - 1) == 0
    {}
  }

  /// The host's half.
  public static func host(
    _ memory: MappedLink, accesses: Int, seed: UInt64
  ) -> [HammerEvent] {
    var random = SplitMix64(seed: seed)
    let ports = Target.hostPorts.map { ($0, Target.host(at: $0, of: memory)) }
    var events: [HammerEvent] = []
    events.reserveCapacity(accesses)
    meet(memory)
    for _ in 0..<accesses {
      let bits = random.next()
      let (port, place) = ports[Int(bits >> 32) % ports.count]
      var host = place
      var event = HammerEvent(
        place: port, isWrite: bits & 1 != 0, value: UInt32(bits >> 8 & 0xFF), start: tick(memory),
        end: 0)
      if event.isWrite {
        host.store(UInt8(event.value), to: port)
      } else {
        event.value = UInt32(host.load(port))
      }
      event.end = tick(memory)
      events.append(event)
    }
    return events
  }

  /// The BMC's half.
  public static func bmc(
    _ memory: MappedLink, accesses: Int, seed: UInt64
  ) -> [HammerEvent] {
    var random = SplitMix64(seed: seed)
    let places = Target.bmcRegisters
    var registers = LinkedRegisters(Target.prepared, on: memory)
    var events: [HammerEvent] = []
    events.reserveCapacity(accesses)
    memory.store(1, to: clock - 1)
    meet(memory)
    for _ in 0..<accesses {
      let bits = random.next()
      let place = Int(bits >> 32) % places.count
      var event = HammerEvent(
        place: UInt16(place), isWrite: bits & 1 != 0 && places[place].writes != 0,
        value: UInt32(truncatingIfNeeded: bits >> 8) & places[place].writes, start: tick(memory),
        end: 0)
      if event.isWrite {
        registers.write(
          UInt64(event.value), to: places[place].offset, width: places[place].width)
      } else {
        event.value = UInt32(
          truncatingIfNeeded: registers.read(
            places[place].offset, width: places[place].width))
      }
      event.end = tick(memory)
      events.append(event)
      if bits & 0b1110 == 0 { registers.synchronize() }
    }
    return events
  }

  /// How many of the host's accesses were made while the BMC made one.
  public static func overlaps(_ host: [HammerEvent], _ bmc: [HammerEvent]) -> Int {
    var count = 0
    var next = 0
    for event in host {
      while next < bmc.count, bmc[next].end < event.start { next += 1 }
      if next < bmc.count, bmc[next].start < event.end { count += 1 }
    }
    return count
  }

  /// Looks for an order of all accesses, each between its start and its end, in which one after
  /// the other gets from the sequential model what it got; returns how many accesses there is such
  /// an order for: all of them, where the two sides could not be told from one.
  public static func linearizable(_ host: [HammerEvent], _ bmc: [HammerEvent]) -> Int {
    /// So many of the host's accesses have been made, and this is how it then is.
    var states: [(host: Int, model: Target)] = [(0, Target.prepared)]
    let places = Target.bmcRegisters
    for level in 0..<(host.count + bmc.count) {
      var next: [(host: Int, model: Target)] = []
      for (index, model) in states {
        let other = level - index
        let hostEvent = index < host.count ? host[index] : nil
        let bmcEvent = other < bmc.count ? bmc[other] : nil
        if let event = hostEvent, bmcEvent == nil || bmcEvent!.end > event.start {
          var model = model
          if event.isWrite {
            model.hostWrite(UInt8(event.value), to: event.place)
            next.append((index + 1, model))
          } else if UInt32(model.hostRead(event.place)) == event.value {
            next.append((index + 1, model))
          }
        }
        if let event = bmcEvent, hostEvent == nil || hostEvent!.end > event.start {
          var model = model
          let place = places[Int(event.place)]
          if event.isWrite {
            model.write(UInt64(event.value), to: place.offset, width: place.width)
            next.append((index, model))
          } else if UInt32(
            truncatingIfNeeded: model.read(place.offset, width: place.width)) == event.value
          {
            next.append((index, model))
          }
        }
      }
      if next.isEmpty { return level }
      states = next.count < 2 ? next : withoutDuplicates(next)
    }
    return host.count + bmc.count
  }

  private static func withoutDuplicates(
    _ states: [(host: Int, model: Target)]
  ) -> [(host: Int, model: Target)] {
    var seen: Set<[UInt64]> = []
    return states.filter { seen.insert([UInt64($0.host)] + $0.model.key).inserted }
  }
}

extension LinkedHostPorts {
  // For whoever does not know which interface's ports they are.
  fileprivate mutating func load(_ port: UInt16) -> UInt8 { read(port).result }
  fileprivate mutating func store(_ value: UInt8, to port: UInt16) { _ = write(value, to: port) }
}
