import IPMI

extension Checks {
  /// `/dev/ipmi-ssif-host` against Linux's ssif_bmc.c.
  mutating func checkSSIF() {
    open(Self.input)
    expectBusy()
    expectEdge("a request is an edge", Self.input)
    expectNoEdge("and only one")
    expectPoll("poll gives POLLIN and no POLLOUT", Self.input)
    expect("read into too small a buffer is EINVAL", read(5), Failure.invalid)
    let length = read(258)
    expect("and the request is kept", length, Int32(request.byte(at: 0) ?? 0) + 4)
    let answer = ssifAnswer
    expect("a second read is EAGAIN", read(258), Failure.again)
    expectPoll("poll gives nothing", 0)
    expect("write of less than it says is EINVAL", write(answer, 6), Failure.invalid)
    expect("write of 3 bytes is EINVAL", write(answer, 3), Failure.invalid)
    expect("write of 259 bytes is EINVAL", write(answer, 259), Failure.invalid)
    expectControl("every ioctl is ENOTTY", 0xB100, Failure.noControl)
    expect("write of an answer takes it all", write(answer, 7), 7)
    expectEdge("the next request is an edge", Self.input)
    expect("the next request is read", min(read(258), 6), 6)
    expect("and answered", write(ssifAnswer, 7), 7)
    close()
  }

  /// C1h to what was read last.
  private var ssifAnswer: FixedBytes<16> {
    var answer: FixedBytes<16> = []
    answer.append(littleEndian: UInt32(3))
    answer.append((request.byte(at: 4) ?? 0) | 4)
    answer.append(request.byte(at: 5) ?? 0)
    answer.append(0xC1)
    return answer
  }
}
