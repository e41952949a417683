/// Five points of a face, and how they come from six of another detector.
enum FivePoints {
  /// Where detectors look: `ks.contract.FIVE_POINT_TEMPLATE`. A model has its own.
  static let template: [[Double]] = pairs([
    38.2946, 51.6963, 73.5318, 51.5014, 56.0252, 71.7366, 41.5493, 92.3655, 70.7299, 92.2041,
  ])

  // Where six-point detectors have eyes, tip of the nose, middle of the mouth.
  private static let means = pairs([37.5, 53.5, 73.5, 53.5, 55.5, 76.5, 55.5, 92.5])
  private static let partners = [0, 1, 2, 3, 3]

  /// Each point moved by the mean difference, in size and direction of the face.
  static func ofSix(_ points: [[Double]]) -> [[Double]] {
    let four = Array(points.prefix(means.count))
    let fit = Similarity(means, onto: four)
    return zip(template, partners).map { target, partner in
      let u = target[0] - means[partner][0]
      let v = target[1] - means[partner][1]
      let point = four[partner]
      return [point[0] + fit.a * u - fit.b * v, point[1] + fit.b * u + fit.a * v]
    }
  }

  private static func pairs(_ numbers: [Float]) -> [[Double]] {
    return stride(from: 0, to: numbers.count, by: 2).map {
      [Double(numbers[$0]), Double(numbers[$0 + 1])]
    }
  }
}
