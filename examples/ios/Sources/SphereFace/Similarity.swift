/// The least-squares similarity `(x, y) -> (a x - b y, b x + a y)` around the means
/// of points and of where they belong.
struct Similarity {
  let fromX: Double
  let fromY: Double
  let toX: Double
  let toY: Double
  let a: Double
  let b: Double

  init(_ points: [[Double]], onto targets: [[Double]]) {
    func mean(_ points: [[Double]], _ axis: Int) -> Double {
      return points.reduce(0) { $0 + $1[axis] } / Double(points.count)
    }
    fromX = mean(points, 0)
    fromY = mean(points, 1)
    toX = mean(targets, 0)
    toY = mean(targets, 1)
    var along = 0.0
    var across = 0.0
    var spread = 0.0
    for (from, to) in zip(points, targets) {
      let x = from[0] - fromX
      let y = from[1] - fromY
      let u = to[0] - toX
      let v = to[1] - toY
      along += x * u + y * v
      across += x * v - y * u
      spread += x * x + y * y
    }
    a = along / spread
    b = across / spread
  }

  /// The squared scale: the better the fit, the larger.
  var square: Double { return a * a + b * b }
}
