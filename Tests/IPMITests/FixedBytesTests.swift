import IPMI
import Testing

@Suite struct FixedBytesTests {
  @Test(arguments: 0...4) func holdsUpToItsCapacity(count: Int) {
    var bytes = FixedBytes<3>()
    for index in 0..<count {
      #expect(bytes.append(UInt8(index)) == (index < 3))
    }
    #expect(bytes.count == min(count, 3))
    #expect(bytes.isFull == (count >= 3))
    #expect(bytes.isEmpty == (count == 0))
  }

  @Test func aRefusedAppendChangesNothing() {
    var bytes: FixedBytes<3> = [1, 2]
    let more: [UInt8] = [3, 4]
    let appended = bytes.append(contentsOf: more.span)
    #expect(!appended)
    #expect(bytes == [1, 2])
    let wide = bytes.append(littleEndian: UInt16(0x0403))
    #expect(!wide)
    #expect(bytes == [1, 2])
  }

  @Test func equalityIgnoresWhatWasHeldBefore() {
    var bytes: FixedBytes<3> = [9, 9, 9]
    bytes.removeAll()
    bytes.append(1)
    #expect(bytes == [1])
    #expect(bytes.byte(at: 1) == nil)
    #expect(bytes.byte(at: -1) == nil)
  }

  @Test(arguments: 0...3) func whatFollowsTheRemovedBytesMovesUp(number: Int) {
    var bytes: FixedBytes<3> = [1, 2, 3]
    bytes.removeFirst(number)
    #expect(bytes == [[1, 2, 3], [2, 3], [3], []][number])
    #expect(bytes.count == 3 - number)
  }

  @Test func multiByteFieldsAreLittleEndian() {
    var bytes = FixedBytes<6>()
    bytes.append(littleEndian: UInt16(0x1234))
    bytes.append(littleEndian: UInt32(0x89AB_CDEF))
    #expect(bytes == [0x34, 0x12, 0xEF, 0xCD, 0xAB, 0x89])
  }
}
