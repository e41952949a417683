/// Many boxes around one face into one.
enum BoxSuppression {
  private static let maxBoxes = 1024
  private static let minOverlap = 0.3

  /// Boxes of a score and of sane numbers, the surest first.
  static func keepSure(_ boxes: [FaceBox], minScore: Double) -> [FaceBox] {
    let sure = boxes.filter { $0.score >= minScore && $0.isSane }
    return Array(sure.sorted { $0.score > $1.score }.prefix(maxBoxes))
  }

  /// One box per face, weighted means of those that overlap; the surest first.
  static func suppress(_ surestFirst: [FaceBox]) -> [FaceBox] {
    var boxes = surestFirst
    var found = [FaceBox]()
    while let surest = boxes.first {
      let others = boxes.dropFirst()
      let same = others.filter { surest.overlap($0) > minOverlap }
      found.append(mean([surest] + same))
      boxes = others.filter { !(surest.overlap($0) > minOverlap) }
    }
    return found
  }

  private static func mean(_ boxes: [FaceBox]) -> FaceBox {
    let total = boxes.reduce(0) { $0 + $1.score }
    func mean(_ arrays: [[Double]]) -> [Double] {
      return arrays[0].indices.map { index in
        zip(boxes, arrays).reduce(0) { $0 + $1.0.score / total * $1.1[index] }
      }
    }
    return FaceBox(
      corners: mean(boxes.map { $0.corners }),
      points: boxes[0].points.indices.map { point in mean(boxes.map { $0.points[point] }) },
      score: boxes[0].score)
  }
}
