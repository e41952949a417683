/// Finds the face that a photograph is of: `ks.edge.FaceDetector.find_one`.
/// Not thread-safe.
public final class FaceDetector {
  private static let minScore = 0.5
  private static let minFace = 0.05  // of the picture's longer side
  private static let certain = 0.5
  private static let turns = [90.0, -90.0, 180.0, 45.0, -45.0, 135.0, -135.0]

  private let network: BlazeFace
  private let secondLook: SecondLook

  public init(_ runtime: DetectorRuntime) throws {
    network = try BlazeFace(runtime)
    secondLook = SecondLook(network: network)
  }

  /// The most prominent face, or `nil` if there is none.
  public func findOne(_ picture: Picture) throws -> FaceBox? {
    var found = [FaceBox]()
    let levels = ViewPlan.levels(
      picture, smallest: network.smallest, minFace: FaceDetector.minFace)
    for level in levels {
      for view in level.views {
        found += try find(picture, view)
          .filter { ViewPlan.isWhole($0, in: view, size: network.size, of: picture) }
          .map { toPicture($0, view) }
      }
      // Faces smaller than this are not looked for yet.
      let unseen = network.smallest * level.side * FaceDetector.certain
      if let best = try mostProminent(merge(found), picture, atLeast: unseen) { return best }
    }
    if let best = try mostProminent(merge(found), picture, atLeast: 0) { return best }
    return try mostProminent(lookTurned(picture), picture, atLeast: 0)
  }

  private func merge(_ found: [FaceBox]) -> [FaceBox] {
    return BoxSuppression.suppress(
      BoxSuppression.keepSure(found, minScore: FaceDetector.minScore))
  }

  private func find(_ picture: Picture, _ view: PictureView) throws -> [FaceBox] {
    let square = view.cut(picture, size: network.size)
    return merge(try network.find(square, minScore: FaceDetector.minScore))
  }

  /// The first face by prominence that a close look confirms.
  private func mostProminent(
    _ faces: [FaceBox], _ picture: Picture, atLeast: Double
  ) throws -> FaceBox? {
    let sorted = faces.sorted { $0.prominence(in: picture) > $1.prominence(in: picture) }
    for face in sorted {
      if face.prominence(in: picture) < atLeast { return nil }
      if let points = try secondLook.look(picture, landmarks: face.points) {
        return FaceBox(corners: face.corners, points: points, score: face.score)
      }
    }
    return nil
  }

  /// What is in the turned picture, at the turn of the surest face.
  private func lookTurned(_ picture: Picture) throws -> [FaceBox] {
    var best = [FaceBox]()
    for degrees in FaceDetector.turns {
      let view = PictureView.whole(picture, degrees: degrees)
      let found = try find(picture, view).map { toPicture($0, view) }
      if (found.first?.score ?? 0) > (best.first?.score ?? 0) { best = found }
    }
    return best
  }

  /// A box of a view in the picture; an upright one around a turned one.
  private func toPicture(_ box: FaceBox, _ view: PictureView) -> FaceBox {
    let corners = box.corners
    let middle = view.toPicture(
      [(corners[0] + corners[2]) / 2, (corners[1] + corners[3]) / 2], size: network.size)
    let scale = view.side / Double(network.size) / 2
    var half = [scale * (corners[2] - corners[0]), scale * (corners[3] - corners[1])]
    // A quarter turn exchanges width and height.
    let quarters = (view.degrees / 90).rounded(.toNearestOrEven)
    if abs(quarters.truncatingRemainder(dividingBy: 2)) == 1 { half.swapAt(0, 1) }
    return FaceBox(
      corners: [
        middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1],
      ],
      points: box.points.map { view.toPicture($0, size: network.size) },
      score: box.score)
  }
}
