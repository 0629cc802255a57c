import Testing

@testable import Transport

@Suite struct LinkAddressTests {
  @Test(
    arguments: [
      ("unix:bmc.sock", .unix(path: "bmc.sock"), true),
      ("unix:/run/a:b", .unix(path: "/run/a:b"), true),
      ("tcp:127.0.0.1:9002", .tcp(host: "127.0.0.1", port: 9002), true),
      ("tcp:127.255.0.9:0", .tcp(host: "127.255.0.9", port: 0), true),
      ("tcp:localhost:65535", .tcp(host: "localhost", port: 65535), true),
      ("tcp:LocalHost:1", .tcp(host: "LocalHost", port: 1), true),
      ("tcp:[::1]:9002", .tcp(host: "::1", port: 9002), true),
      ("tcp:0.0.0.0:9002", .tcp(host: "0.0.0.0", port: 9002), false),
      ("tcp:[::]:9002", .tcp(host: "::", port: 9002), false),
      ("tcp:192.0.2.7:9002", .tcp(host: "192.0.2.7", port: 9002), false),
      ("tcp:127.example.net:1", .tcp(host: "127.example.net", port: 1), false),
      ("tcp:127.0.0.1.example.net:1", .tcp(host: "127.0.0.1.example.net", port: 1), false),
      ("tcp:127.0.0.256:1", .tcp(host: "127.0.0.256", port: 1), false),
      ("tcp:127.0.0:1", .tcp(host: "127.0.0", port: 1), false),
      ("tcp:127.0.0.:1", .tcp(host: "127.0.0.", port: 1), false),
      ("tcp:[::ffff:127.0.0.1]:1", .tcp(host: "::ffff:127.0.0.1", port: 1), false),
    ] as [(String, LinkAddress, Bool)])
  func `an address is read, is local or not, and is printed as it was written`(
    _ text: String, _ expected: LinkAddress, _ isLocal: Bool
  ) throws {
    let address = try LinkAddress(text)
    #expect(address == expected)
    #expect(address.isLocal == isLocal)
    #expect(address.description == text)
  }

  @Test(arguments: [
    "", "bmc.sock", "unix", "unix:", "tcp:", "tcp:9002", "tcp::9002", "tcp:127.0.0.1",
    "tcp:127.0.0.1:", "tcp:127.0.0.1:65536", "tcp:127.0.0.1:-1", "tcp:127.0.0.1:x", "tcp:::1:9002",
    "tcp:[]:9002", "udp:127.0.0.1:9002", "unix:\(String(repeating: "x", count: 108))",
  ])
  func `what is no address says what is expected`(_ text: String) {
    let error = #expect(throws: LinkError.self) { try LinkAddress(text) }
    #expect(error?.description.hasPrefix("\(text): ") == true)
  }

  @Test func `delays double from 100 ms to 5 s, and begin anew after a connection that lasted`() {
    var backoff = Backoff()
    let milliseconds = (0..<8).map { _ in backoff.delay(afterLasting: 0) / 1_000_000 }
    #expect(milliseconds == [100, 200, 400, 800, 1600, 3200, 5000, 5000])
    #expect(backoff.delay(afterLasting: Backoff.longest - 1) == Backoff.longest)
    #expect(backoff.delay(afterLasting: Backoff.longest) == Backoff.shortest)
    #expect(backoff.delay(afterLasting: 0) == 2 * Backoff.shortest)
  }
}
