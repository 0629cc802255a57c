import IPMI

extension Checks {
  /// `/dev/ipmi-bt-host` against Linux's bt-bmc.c.
  mutating func checkBT() {
    open(Self.both)
    expectBusy()
    waitForBTRequest()
    expectPoll("poll gives POLLIN and POLLOUT", Self.both)
    expect("write of 4 bytes is EINVAL", write(btAnswer, 4), Failure.invalid)
    let length = read(64)
    expect("read gives a length and as many bytes", length, Int32(request.byte(at: 0) ?? 0) + 1)
    expectPoll("poll gives POLLOUT", Self.output)
    expectControl("ioctl B101h is EINVAL", 0xB101, Failure.invalid)
    expectControl("ioctl B102h is EINVAL", 0xB102, Failure.invalid)
    expect("write of an answer takes it all", write(btAnswer, 5), 5)

    waitForBTRequest()
    expect("read into a buffer of 4 bytes gives 4", read(4), 4)
    expectPoll("and the rest is lost", Self.output)
    expect("it is answered", write(btAnswer, 5), 5)

    waitForBTRequest()
    close()
    open(Self.both)
    waitForBTRequest()
    expect("close loses no request", min(read(64), 4), 4)
    expect("it is answered", write(btAnswer, 5), 5)
    close()
  }

  private mutating func waitForBTRequest() {
    expect("a request is POLLIN", wait(Self.input), Self.input)
  }

  /// C1h to what was read last, with its sequence number.
  private var btAnswer: FixedBytes<16> {
    var answer: FixedBytes<16> = []
    answer.append(4)
    answer.append((request.byte(at: 1) ?? 0) | 4)
    answer.append(request.byte(at: 2) ?? 0)
    answer.append(request.byte(at: 3) ?? 0)
    answer.append(0xC1)
    return answer
  }
}
