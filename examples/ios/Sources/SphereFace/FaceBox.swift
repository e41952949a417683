/// One face: its box as left, top, right and bottom; x and y of left eye, right eye,
/// nose, left and right corner of the mouth; how sure the network is.
public struct FaceBox {
  public let corners: [Double]
  public let points: [[Double]]
  public let score: Double

  private static let farthest = 1e6
  private static let halfWay = 0.2

  var area: Double { return (corners[2] - corners[0]) * (corners[3] - corners[1]) }

  var isSane: Bool {
    let numbers = corners + points.flatMap { $0 }
    return corners[2] > corners[0] && corners[3] > corners[1]
      && numbers.allSatisfy { abs($0) < FaceBox.farthest }
  }

  /// How much this is the face that its picture is of.
  func prominence(in picture: Picture) -> Double {
    let width = Double(picture.width)
    let height = Double(picture.height)
    let x = (corners[0] + corners[2] - width) / 2
    let y = (corners[1] + corners[3] - height) / 2
    let distance = ((x * x + y * y) / (width * width + height * height)).squareRoot()
    let share = distance / FaceBox.halfWay
    return max(0, area).squareRoot() / (1 + share * share)
  }

  /// Intersection over union.
  func overlap(_ other: FaceBox) -> Double {
    let width = min(corners[2], other.corners[2]) - max(corners[0], other.corners[0])
    let height = min(corners[3], other.corners[3]) - max(corners[1], other.corners[1])
    let shared = max(width, 0) * max(height, 0)
    return shared / (area + other.area - shared)
  }
}
