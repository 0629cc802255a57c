import IPMI
import TestSupport
import Testing

@testable import Tracing

@Suite struct DamagedFileTests {
  private let sample = file(PcapngWriter(), Sample.events)

  @Test func `a file that is cut anywhere is read up to there, and says where`() throws {
    let whole = try read(sample)
    var blocks = [0]
    var offset = 0
    while offset < sample.count {
      offset += Int(sample.span.integer(at: offset + 4, isBigEndian: false))
      blocks.append(offset)
    }
    #expect(offset == sample.count)
    for length in 0..<sample.count {
      let cut = Array(sample[..<length])
      var reader = PcapngReader()
      var records: [PcapngReader.Record] = []
      var error: PcapngError?
      do throws(PcapngError) {
        while let record = try reader.next(in: cut.span) { records.append(record) }
      } catch let found {
        error = found
      }
      #expect(records == Array(whole[..<records.count]))
      let start = blocks.last { $0 <= length }!
      if start == length {
        #expect(error == nil, "\(length)")
      } else {
        #expect(error?.offset == start, "\(length)")
        #expect(error?.problem == (length < 12 ? .notPcapng : .cut), "\(length)")
      }
    }
  }

  /// Every bit of a small file, and bytes at random: nothing crashes, and reading ends.
  @Test func `flipped bits do no harm`() {
    for index in sample.indices {
      for bit in 0..<8 {
        var damaged = sample
        damaged[index] ^= 1 << UInt8(bit)
        readOn(damaged)
      }
    }
  }

  @Test(arguments: UInt64(1)...4)
  func `noise does no harm`(_ seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<2_000 {
      var damaged = sample
      for _ in 0..<Int.random(in: 1...8, using: &generator) {
        let index = Int.random(in: 0..<damaged.count, using: &generator)
        damaged[index] = [0, 1, 0x7F, 0x80, 0xFF, .random(in: 0...255, using: &generator)]
          .randomElement(using: &generator)!
      }
      readOn(damaged)
    }
  }

  /// Goes on behind errors, for as long as the reader moves.
  private func readOn(_ bytes: [UInt8]) {
    var reader = PcapngReader()
    var last = -1
    while reader.offset > last {
      last = reader.offset
      do throws(PcapngError) {
        while let record = try reader.next(in: bytes.span) {
          if case .text(_, _, let range) = record { _ = bytes[range] }
        }
        return
      } catch {
        #expect(error.offset >= 0 && error.offset < bytes.count)
      }
    }
  }

  @Test(
    arguments: [
      ([], 0, [0x0A, 0x0D], PcapngError(.notPcapng, at: 0)),
      ([], 0, [0xD4, 0xC3, 0xB2, 0xA1], PcapngError(.oldPcap, at: 0)),
      ([], 0, [0x4D, 0x3C, 0xB2, 0xA1], PcapngError(.oldPcap, at: 0)),
      ([], 0, [0x7B], PcapngError(.notPcapng, at: 0)),
      ([4], 0, [7], PcapngError(.blockLength, at: 4)),
      ([4, 5], 0, [0xFC, 0xFF], PcapngError(.cut, at: 0)),
      ([8], 0, [0], PcapngError(.byteOrder, at: 8)),
      ([12], 0, [2], PcapngError(.version, at: 12)),
    ] as [([Int], Int, [UInt8], PcapngError)])
  func `the byte that is wrong is named`(
    _ places: [Int], _: Int, _ values: [UInt8], _ expected: PcapngError
  ) {
    var damaged = sample
    let places = places.isEmpty ? Array(values.indices) : places
    for (place, value) in zip(places, values) { damaged[place] = value }
    if values.count == 2, places == [0, 1] { damaged = Array(damaged[..<2]) }
    #expect(throws: expected) { try read(damaged) }
  }

  @Test func `what is wrong within a block is named`() throws {
    let section = Int(sample.span.integer(at: 4, isBigEndian: false))
    var damaged = sample
    damaged[section - 4] ^= 4
    #expect(throws: PcapngError(.trailingLength, at: section - 4)) { try read(damaged) }
    damaged = sample
    // The comment's length.
    damaged[26] = 0xFF
    #expect(throws: Never.self) { try read(damaged) }
    // The first interface's name.
    damaged = sample
    damaged[section + 18] = 0xFF
    #expect(throws: PcapngError(.optionLength, at: section + 18)) { try read(damaged) }
    var packet = section
    for _ in 0..<3 { packet += Int(sample.span.integer(at: packet + 4, isBigEndian: false)) }
    damaged = sample
    damaged[packet + 8] = 3
    #expect(throws: PcapngError(.unknownInterface, at: packet + 8)) { try read(damaged) }
    damaged = sample
    damaged[packet + 21] = 1
    #expect(throws: PcapngError(.packetLength, at: packet + 20)) { try read(damaged) }
  }

  @Test func `more interfaces than a reader holds are refused`() {
    let channels = Array(repeating: Sample.channels[0], count: 16)
    let section = file(PcapngWriter(), [], channels: channels)
    let first = Int(section.span.integer(at: 4, isBigEndian: false))
    #expect(throws: Never.self) { try read(section + section + section + section) }
    #expect(throws: PcapngError(.tooManyInterfaces, at: 4 * section.count + first)) {
      try read(section + section + section + section + section)
    }
  }

  // MARK: Other programs' files

  /// The same file as a big-endian machine writes it.
  @Test func `the other byte order is read`() throws {
    var swapped = sample
    func swap(_ offset: Int, _ size: Int) { swapped[offset..<offset + size].reverse() }
    var block = 0
    while block < sample.count {
      let type = sample.span.integer(at: block, isBigEndian: false)
      let length = Int(sample.span.integer(at: block + 4, isBigEndian: false))
      var option = block + 8
      switch type {
      case Pcapng.Block.sectionHeader:
        swap(block + 8, 4)
        swap(block + 12, 2)
        swap(block + 14, 2)
        option += 16
      case Pcapng.Block.interfaceDescription:
        swap(block + 8, 2)
        option += 8
      default:
        for word in 0..<5 { swap(block + 8 + 4 * word, 4) }
        option += 20 + (Int(sample.span.integer(at: block + 20, isBigEndian: false)) + 3) & ~3
      }
      while option < block + length - 4 {
        let size = Int(sample.span.short(at: option + 2, isBigEndian: false))
        swap(option, 2)
        swap(option + 2, 2)
        option += 4 + (size + 3) & ~3
      }
      swap(block, 4)
      swap(block + 4, 4)
      swap(block + length - 4, 4)
      block += length
    }
    #expect(try read(swapped) == read(sample))
    // And one behind the other, whose interfaces are further ones.
    #expect(try read(sample + swapped).count == 2 * read(sample).count)
  }

  @Test(
    arguments: [
      (6, 0, 1_500_000, 1_500_000_000), (9, 0, 1_500_000, 1_500_000), (0, 0, 3, 3_000_000_000),
      (12, 0, 1_500_000, 1_500), (127, 0, .max, 0), (3, 0, .max, .max),
      (0x80, 0, 3, 3_000_000_000), (0x80 | 1, 0, 3, 1_500_000_000),
      (0x80 | 20, 0, 0x18_0000, 1_500_000_000), (0x80 | 63, 0, 1 << 62, 500_000_000),
      (0x80 | 64, 0, 1 << 63, 500_000_000), (0xFF, 0, .max, 0),
      (9, 2, 5, 2_000_000_005), (9, -2, 2_000_000_005, 5), (9, -2, 5, 0), (9, .max, 5, .max),
      (9, .min, 5, 0),
    ] as [(UInt8, Int64, UInt64, UInt64)])
  func `any resolution of time is read`(
    _ resolution: UInt8, _ offset: Int64, _ time: UInt64, _ expected: UInt64
  ) {
    let clock = PcapngClock(resolution: resolution, offset: offset)
    #expect(clock.nanoseconds(time) == expected)
  }
}
