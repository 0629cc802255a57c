import CUnicorn

/// One Unicorn engine: a processor, its memory, and a count of the instructions it has executed.
///
/// Belongs to one thread at a time. Whoever hooks it has to outlive it.
@safe final class Engine {
  /// `uc_engine *`.
  let handle: OpaquePointer
  private let budget: UnsafeMutablePointer<cunicorn_budget>
  /// Where PC is, and the processor out of reset.
  private let programCounter: Int32
  private var reset: OpaquePointer?

  /// How a run ended.
  enum Stop {
    /// All instructions that it was allowed are executed.
    case budget
    /// The processor sleeps until an interrupt: WFI, HLT.
    case halted
    /// It cannot go on.
    case failed(uc_err)
  }

  /// - Parameters:
  ///   - model: One of `uc_cpu_arm` or `uc_cpu_x86`.
  ///   - programCounter: The register's number in Unicorn.
  init(_ architecture: uc_arch, _ mode: uc_mode, model: Int32, programCounter: Int32) throws {
    var handle: OpaquePointer?
    try unsafe Self.check(uc_open(architecture, mode, &handle), "open an engine")
    unsafe self.handle = handle!
    unsafe budget = .allocate(capacity: 1)
    unsafe budget.initialize(to: cunicorn_budget())
    self.programCounter = programCounter
    try unsafe Self.check(
      cunicorn_set_cpu_model(self.handle, model), "choose processor \(model)")
    try unsafe Self.check(cunicorn_count(self.handle, budget), "count instructions")
  }

  deinit {
    if let reset = unsafe reset { unsafe uc_context_free(reset) }
    unsafe uc_close(handle)
    unsafe budget.deallocate()
  }

  static func check(_ error: uc_err, _ what: @autoclosure () -> String) throws {
    guard error != UC_ERR_OK else { return }
    throw unsafe MachineError("Unicorn could not \(what()): \(String(cString: uc_strerror(error)))")
  }

  // MARK: Memory

  /// Puts memory at a physical address.
  func map(_ memory: Memory, at address: UInt64) throws {
    try unsafe Self.check(
      uc_mem_map_ptr(
        handle, address, memory.size, UInt32(UC_PROT_ALL.rawValue), memory.bytes),
      "put \(memory.size) bytes of memory at \(hexadecimal(address))")
  }

  /// Has the accesses to a range of physical addresses call `read` and `write`, which get `user` and
  /// offsets from `base`.
  func map(
    registersAt base: UInt64, size: Int, read: uc_cb_mmio_read_t, write: uc_cb_mmio_write_t,
    user: UnsafeMutableRawPointer
  ) throws {
    try unsafe Self.check(
      uc_mmio_map(handle, base, size, read, user, write, user),
      "put registers at \(hexadecimal(base))")
  }

  // MARK: Registers

  subscript(register: uc_arm_reg) -> UInt32 {
    get { self[number: register.rawValue] }
    set { self[number: register.rawValue] = newValue }
  }

  subscript(register: uc_x86_reg) -> UInt64 {
    get { self[number: register.rawValue] }
    set { self[number: register.rawValue] = newValue }
  }

  /// A register of as many bits as Unicorn moves for it.
  private subscript<Value: FixedWidthInteger & BitwiseCopyable>(number number: UInt32) -> Value {
    get {
      var value: Value = 0
      unsafe uc_reg_read(handle, Int32(bitPattern: number), &value)
      return value
    }
    set {
      var value = newValue
      unsafe uc_reg_write(handle, Int32(bitPattern: number), &value)
    }
  }

  // MARK: Time

  /// Instructions executed since the engine was made.
  var executed: UInt64 { unsafe budget.pointee.executed }

  /// Ends the run before the next instruction: for hooks.
  func stop() { stop(after: 0) }

  /// Has the run end after `count` further instructions at the latest: for hooks.
  func stop(after count: UInt64) {
    unsafe budget.pointee.limit = min(budget.pointee.limit, executed &+ count)
  }

  /// Executes at most `count` instructions from `address` on.
  func run(from address: UInt64, instructions count: UInt64) -> Stop {
    let limit = executed &+ count
    unsafe budget.pointee.limit = limit
    // No address: the budget alone ends a run.
    let error = unsafe uc_emu_start(handle, address, 0xFFFF_FFFF_FFFF, 0, 0)
    guard error == UC_ERR_OK else { return .failed(error) }
    return unsafe executed >= budget.pointee.limit ? .budget : .halted
  }

  // MARK: Reset

  /// Takes the processor's present state for the one out of reset.
  func keepAsReset() throws {
    var context: OpaquePointer?
    try unsafe Self.check(uc_context_alloc(handle, &context), "allocate a state")
    unsafe reset = context
    try unsafe Self.check(uc_context_save(handle, context), "save a state")
  }

  /// Says where the instructions of the image are: see ``resetProcessor(codeIsUnchanged:)``.
  func setCode(start: UInt64, size: UInt64) {
    unsafe budget.pointee.code_start = start
    unsafe budget.pointee.code_size = size
  }

  /// Resets the processor; memory has been put back already.
  ///
  /// - Parameter codeIsUnchanged: Whether memory at the image's instructions was what it is now. If
  ///   so, and no others were executed, their translations are kept.
  func resetProcessor(codeIsUnchanged: Bool) throws {
    try unsafe Self.check(uc_context_restore(handle, reset), "reset the processor")
    if unsafe !codeIsUnchanged || budget.pointee.has_left_code { unsafe cunicorn_flush(handle) }
    unsafe budget.pointee.has_left_code = false
    // Unicorn has no call that forgets translated addresses, but mapping memory does it.
    let unused: UInt64 = 0xFFFF_F000
    if unsafe uc_mem_map(handle, unused, 0x1000, 0) == UC_ERR_OK {
      unsafe uc_mem_unmap(handle, unused, 0x1000)
    }
  }
}
