/// A face that was found, looked at once more: upright, close, in the middle.
struct SecondLook {
  // In a crop of the usual size: the middle of a view, and sides of several.
  private static let middle = [55.5, 60.0]
  private static let sides = [180.0, 224.0]
  private static let minScore = 0.25
  private static let maxMove = 30.0

  let network: BlazeFace

  /// Steadier points, or `nil` where a close look shows no face.
  func look(_ picture: Picture, landmarks: [[Double]]) throws -> [[Double]]? {
    var found = [[[Double]]]()
    for side in SecondLook.sides {
      guard
        let view = PictureView.around(landmarks, middle: SecondLook.middle, side: side)
      else { return nil }
      let square = view.cut(picture, size: network.size)
      let boxes = BoxSuppression.suppress(
        BoxSuppression.keepSure(
          try network.find(square, minScore: SecondLook.minScore),
          minScore: SecondLook.minScore))
      let near =
        boxes
        .map { box in box.points.map { view.toPicture($0, size: network.size) } }
        .filter { move($0, landmarks) * side / view.side <= SecondLook.maxMove }
      if let best = near.min(by: { move($0, landmarks) < move($1, landmarks) }) {
        found.append(best)
      }
    }
    if found.isEmpty { return nil }
    return landmarks.indices.map { index in
      (0..<2).map { axis in
        found.reduce(0) { $0 + $1[index][axis] } / Double(found.count)
      }
    }
  }

  private func move(_ points: [[Double]], _ others: [[Double]]) -> Double {
    return zip(points, others).reduce(0) {
      max($0, abs($1.0[0] - $1.1[0]), abs($1.0[1] - $1.1[1]))
    }
  }
}
