import CMeasure

/// What one operation takes, and what its floor takes, in picoseconds: medians. The ratio is the
/// median of each round's, in thousandths.
enum Comparison {
  /// Measures two bodies in turns, so that whatever else the machine does slows both, and prints
  /// NAME.figure, NAME.floor, NAME.ratio, and NAME.operations, for who counts instructions.
  ///
  /// Both must do `operations` of what is counted in every call.
  static func measure(
    _ name: StaticString, operations: Int, _ figure: () -> Void, floor: () -> Void
  ) {
    figure()
    floor()
    var figures: [UInt64] = []
    var floors: [UInt64] = []
    var ratios: [UInt64] = []
    for _ in 0..<cmeasure_rounds() {
      let first = time(figure)
      let second = max(time(floor), 1)
      figures.append(first)
      floors.append(second)
      ratios.append(first * 1000 / second)
    }
    cmeasure_count()
    figure()
    unsafe cmeasure_counted(name.utf8Start)
    emit(name, ".figure", median(figures) * 1000 / UInt64(operations))
    emit(name, ".floor", median(floors) * 1000 / UInt64(operations))
    emit(name, ".ratio", median(ratios))
    emit(name, ".operations", UInt64(operations))
  }
}

/// Nanoseconds that `body` takes.
private func time(_ body: () -> Void) -> UInt64 {
  let start = cmeasure_now()
  body()
  return cmeasure_now() - start
}

private func median(_ values: [UInt64]) -> UInt64 {
  var sorted = values
  sorted.sort()
  return sorted[sorted.count / 2]
}

/// Prints a value under the name `name` + `suffix`.
func emit(_ name: StaticString, _ suffix: StaticString = "", _ value: UInt64) {
  unsafe cmeasure_print(name.utf8Start, suffix.utf8Start, value)
}
