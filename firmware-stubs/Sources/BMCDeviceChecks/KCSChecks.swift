import IPMI

extension Checks {
  /// `/dev/ipmi-kcsN` against Linux's kcs_bmc_cdev_ipmi.c.
  mutating func checkKCS() {
    open(Self.input)
    expectBusy()
    checkKCSExchange()

    expectEdge("the next request is an edge", Self.input)
    expect("read into too small a buffer is EOVERFLOW", read(1), Failure.overflow)
    // And aborts the transfer, so the host begins again.
    answerKCS("the host's second try is an edge")

    expectEdge("the next request is an edge", Self.input)
    expect("read gives a request", min(read(1024), 2), 2)
    expectControl("FORCE_ABORT returns 0", 0xB102, 0)
    expect("write of a request that was aborted is EINVAL", write(kcsAnswer, 3), Failure.invalid)
    answerKCS("the host's second try is an edge")

    expectEdge("the next request is an edge", Self.input)
    close()
    open(Self.input)
    // The close has aborted it.
    answerKCS("the host's second try is an edge")
    close()
  }

  /// A request from its edge to the second answer, which is one too many.
  private mutating func checkKCSExchange() {
    expectEdge("a request is an edge", Self.input)
    expectNoEdge("and only one")
    expectPoll("poll gives POLLIN and no POLLOUT", Self.input)
    expect("write before read is EINVAL", write(kcsAnswer, 3), Failure.invalid)
    expect("read gives a request", min(read(1024), 2), 2)
    let answer = kcsAnswer
    expect("a second read is EAGAIN", read(1024), Failure.again)
    expectPoll("poll gives nothing, not even POLLOUT", 0)
    expect("write of 2 bytes is EINVAL", write(answer, 2), Failure.invalid)
    expect("write of 1001 bytes is EINVAL", write(answer, 1001), Failure.invalid)
    expectControl("SET_SMS_ATN returns 0", 0xB100, 0)
    expectControl("CLEAR_SMS_ATN returns 0", 0xB101, 0)
    expectControl("ioctl B103h is EINVAL", 0xB103, Failure.invalid)
    expectControl("TCGETS is EINVAL", 0x5401, Failure.invalid)
    expect("write of an answer takes it all", write(answer, 3), 3)
    expect("a second write is EINVAL", write(answer, 3), Failure.invalid)
  }

  private mutating func answerKCS(_ what: StaticString) {
    expectEdge(what, Self.input)
    expect("it is read", min(read(1024), 2), 2)
    expect("and answered", write(kcsAnswer, 3), 3)
  }

  /// C1h to what was read last.
  private var kcsAnswer: FixedBytes<16> {
    var answer: FixedBytes<16> = []
    answer.append((request.byte(at: 0) ?? 0) | 4)
    answer.append(request.byte(at: 1) ?? 0)
    answer.append(0xC1)
    return answer
  }
}
