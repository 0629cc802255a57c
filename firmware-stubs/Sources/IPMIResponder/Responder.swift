import CLinux
import IPMI
import LinuxProgram
import ManagementController

/// A management controller behind the device of one system interface.
///
/// One thread, which sleeps in `poll` until the host or the controller wants something. A host that
/// sends another request before it took the response has given that up: it is forgotten.
struct Responder {
  private let options: Options
  private var device: Device
  private var controller = ManagementController.linux()
  private var log = Log()
  /// The number of requests so far.
  private var requestCount: UInt32 = 0
  /// A response that BT's host was not ready for yet.
  private var pending: (response: Message, sequence: UInt8)?
  /// SMS_ATN as the device has it.
  private var attention = false

  /// Milliseconds between looks at what the driver has no interrupt for: BT's H_BUSY falling before
  /// B2H_ATN does.
  private static var patience: Int32 { 500 }

  init(_ options: Options, _ device: Device) {
    self.options = options
    self.device = device
  }

  /// Serves the host, and returns the exit status where a fault or an error ends it.
  mutating func run() -> Int32 {
    start()
    while true {
      let events = device.wait(forHost: pending != nil, milliseconds: timeToWait())
      controller.advance(to: linux_now())
      if events & LINUX_POLLIN.rawValue != 0 {
        pending = nil
        if let status = serve() { return status }
      } else if events & LINUX_POLLOUT.rawValue != 0, let (response, sequence) = pending {
        pending = nil
        give(response, sequence)
      }
      showAttention()
      takeActions()
    }
  }

  /// Says who answers, as the boards' firmware does, and that it does.
  private mutating func start() {
    let identity = controller.identity
    log.write("ipmi-responder for Linux: firmware ")
    log.write(decimal: UInt32(identity.firmwareMajor))
    log.write(".")
    log.write(hex: identity.firmwareMinor)
    log.write(", manufacturer ")
    log.write(decimal: identity.manufacturer)
    log.write(", product ")
    log.write(decimal: UInt32(identity.product))
    log.end()
    // Whoever was here before may have left it set, and then the host asks for ever what it is about.
    // BT's host clears it.
    if options.attention != nil || device.interface == .kcs {
      let isSet = options.attention ?? false
      _ = device.control(isSet ? Control.setAttention : Control.clearAttention)
    }
    logInterface()
    log.write(" ready on ")
    log.write(options.device)
    log.end()
  }

  /// Until the controller has something to do, in milliseconds; -1 for ever.
  private func timeToWait() -> Int32 {
    if pending != nil { return Self.patience }
    guard let deadline = controller.deadline else { return -1 }
    let now = linux_now()
    guard deadline > now else { return 0 }
    return Int32(clamping: (deadline - now) / 1_000_000 + 1)
  }

  // MARK: Requests

  private mutating func serve() -> Int32? {
    switch device.read() {
    case .nothing: return nil
    case .malformed:
      logInterface()
      log.write(" request of a length that none has")
      log.end()
      // BT's host has only its time-out.
      if device.interface == .kcs { _ = device.control(Control.forceAbort) }
      return nil
    case .failed(let error):
      logFailure("read", error)
      return 1
    case .request(let request):
      requestCount &+= 1
      return answer(request)
    }
  }

  private mutating func answer(_ request: Request) -> Int32? {
    var response = request.message.echo ?? controller.respond(to: request.message, now: linux_now())
    if response.count > device.interface.capacity {
      response = Message(respondingTo: request.message, .cannotReturnRequestedBytes)
    }
    // Before the response, so that the host finds SMS_ATN as its request left it.
    showAttention()
    if options.late > 0 { linux_sleep(options.late) }
    if wants(.never) {
      logExchange(request.message, response, " withheld")
      return nil
    }
    if wants(.abort) {
      logExchange(request.message, response, " aborted")
      if let error = device.control(Control.forceAbort) { logFailure("abort", error) }
      return nil
    }
    give(response, request.sequence)
    if wants(.twice) { give(response, request.sequence) }
    logExchange(request.message, response, "")
    if wants(.reopen) { return reopen() }
    return wants(.exit) ? 0 : nil
  }

  private func wants(_ fault: Fault) -> Bool { options.wants(fault, with: requestCount) }

  /// Gives the response to the host, or keeps it until the host is ready.
  private mutating func give(_ response: Message, _ sequence: UInt8) {
    // A `write` that BT's host is not ready for would block, whatever the device's flags.
    if device.interface == .bt,
      device.wait(forHost: true, milliseconds: 0) & LINUX_POLLOUT.rawValue == 0
    {
      pending = (response, sequence)
      return
    }
    if let error = device.write(response, sequence: sequence, isWrong: wants(.wrongLength)) {
      logFailure("response", error)
    }
  }

  private mutating func reopen() -> Int32? {
    device.close()
    switch Device.open(options.interface, options.device) {
    case .failure(let error):
      logFailure("open", error.number)
      return 1
    case .success(let device):
      self.device = device
      logInterface()
      log.write(" opened again")
      log.end()
      return nil
    }
  }

  // MARK: Effects

  /// Brings SMS_ATN in line with the controller.
  private mutating func showAttention() {
    guard options.attention == nil, attention != controller.attention else { return }
    attention = controller.attention
    if attention {
      _ = device.control(Control.setAttention)
    } else if device.interface == .kcs {
      _ = device.control(Control.clearAttention)
    }
  }

  /// Notes what the board would do. A reset starts the controller anew, and nothing below it.
  private mutating func takeActions() {
    while let action = controller.takeAction() {
      log.write("action: ")
      log.write(action.name)
      log.end()
      if action == .coldReset || action == .warmReset { controller = .linux() }
    }
  }

  // MARK: The log

  /// A line such as `IBT 06 01 Get Device ID -> 00`.
  private mutating func logExchange(
    _ request: Message, _ response: Message, _ what: StaticString
  ) {
    logInterface()
    log.write(" ")
    log.write(hex: request.netFn.rawValue)
    log.write(" ")
    log.write(hex: request.command.code)
    if let name = request.command.name {
      log.write(" ")
      log.write(name)
    }
    log.write(" -> ")
    log.write(hex: (response.completionCode ?? .unspecified).rawValue)
    log.write(what)
    log.end()
  }

  private mutating func logFailure(_ what: StaticString, _ error: Int32) {
    logInterface()
    log.write(" ")
    log.write(what)
    log.write(" refused, error ")
    log.write(decimal: UInt32(error))
    log.end()
  }

  /// The interface's name, as `responder=` of `ipmi-host-extern` spells it, in capitals.
  private mutating func logInterface() {
    switch device.interface {
    case .bt: log.write("IBT")
    case .kcs:
      log.write("KCS")
      // /dev/ipmi-kcs3
      log.write(lastDigitOf: options.device)
    }
  }
}
