import Dispatch
import Synchronization

/// Many pairs, one after the other on each of some threads; each pair belongs to one thread.
public struct PairCampaign: Sendable {
  public var configuration: PairConfiguration
  public var seeds: Range<UInt64>
  /// As many pairs run at once.
  public var threads: Int
  /// How many seeds a pair runs before a new one takes its place. Unicorn keeps account of each block
  /// that it has ever translated, some hundred bytes more with each seed; to make a pair takes as long as
  /// to run one.
  var lifetime = 256
  /// Asked before each pair but the first: whether none is to be begun any more.
  public var isOver: @Sendable () -> Bool = { false }

  public init(_ configuration: PairConfiguration, seeds: Range<UInt64>, threads: Int) {
    self.configuration = configuration
    self.seeds = seeds
    self.threads = threads
  }

  private struct State {
    var next: UInt64
    var summary = PairSummary()
    var error: MachineError?
  }

  /// Runs all seeds, or those from the first on that there is time for.
  ///
  /// - Parameter onResult: Called after each pair, by one thread at a time, with the summary so far.
  public func run(
    _ onResult: @escaping @Sendable (PairResult, PairSummary) -> Void = { _, _ in }
  ) throws -> PairSummary {
    let state = Mutex(State(next: seeds.lowerBound))
    DispatchQueue.concurrentPerform(iterations: max(1, threads)) { _ in
      do {
        while try runLifetime(state, onResult) {}
      } catch {
        let error = error as? MachineError ?? MachineError("\(error)")
        state.withLock { $0.error = error }
      }
    }
    return try state.withLock {
      if let error = $0.error { throw error }
      return $0.summary
    }
  }

  /// Runs seeds with one pair, until it has had its time.
  ///
  /// - Returns: Whether there may be seeds left.
  private func runLifetime(
    _ state: borrowing Mutex<State>, _ onResult: @Sendable (PairResult, PairSummary) -> Void
  ) throws -> Bool {
    let pair = try Pair(configuration)
    for _ in 0..<lifetime {
      guard let seed = state.withLock({ take(&$0) }) else { return false }
      let result = try pair.run(seed: seed).0
      state.withLock {
        $0.summary.add(result)
        onResult(result, $0.summary)
      }
    }
    return true
  }

  private func take(_ state: inout State) -> UInt64? {
    guard state.error == nil, state.next < seeds.upperBound else { return nil }
    if state.next > seeds.lowerBound, isOver() { return nil }
    defer { state.next += 1 }
    return state.next
  }
}
