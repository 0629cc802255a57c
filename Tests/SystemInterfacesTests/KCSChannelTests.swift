import Testing

@testable import SystemInterfaces

@Suite struct KCSChannelTests {
  @Test func fitsOneAtomicWord() {
    #expect(MemoryLayout<KCSChannel>.size == 8)
    #expect(MemoryLayout<KCSChannel>.stride == 8)
  }
}
