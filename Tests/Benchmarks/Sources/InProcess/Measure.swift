import CMeasure

/// What one operation takes, and what its floor takes, in picoseconds: medians.
struct Comparison {
  var figure: UInt64
  var floor: UInt64
  /// The median of each round's `figure / floor`, in thousandths.
  var ratio: UInt64

  /// Measures two bodies in turns, so that whatever else the machine does slows both.
  ///
  /// Both must do `operations` of what is counted in every call.
  static func measure(
    operations: Int, _ figure: () -> Void, floor: () -> Void
  ) -> Comparison {
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
    return Comparison(
      figure: median(figures) * 1000 / UInt64(operations),
      floor: median(floors) * 1000 / UInt64(operations), ratio: median(ratios))
  }

  /// Prints three lines: NAME.figure, NAME.floor, NAME.ratio.
  func print(_ name: StaticString) {
    emit(name, ".figure", figure)
    emit(name, ".floor", floor)
    emit(name, ".ratio", ratio)
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
