/// Where in a picture to look, from all of it to its smallest faces.
enum ViewPlan {
  /// Views of one size that together cover a picture.
  struct Level {
    let side: Double
    let views: [PictureView]
  }

  private static let maxViews = 1024
  private static let margin = 0.02

  /// Views of the whole picture, of halves, of quarters and so on.
  static func levels(_ picture: Picture, smallest: Double, minFace: Double) -> [Level] {
    let longest = Double(max(picture.width, picture.height))
    var levels = [Level(side: longest, views: [PictureView.whole(picture)])]
    var side = longest
    var total = 1
    while smallest * side > minFace * longest * (1 + 1e-9) {
      side = max(side / 2, minFace * longest / smallest)
      let xs = middles(picture.width, side)
      let ys = middles(picture.height, side)
      total += xs.count * ys.count
      if total > maxViews { break }
      let views = ys.flatMap { y in
        xs.map { x in PictureView(x: x, y: y, side: side, degrees: 0) }
      }
      levels.append(Level(side: side, views: views))
    }
    return levels
  }

  /// Middles of views along one side of the picture, half a view apart.
  private static func middles(_ length: Int, _ side: Double) -> [Double] {
    let length = Double(length)
    if length <= side { return [(length - 1) / 2] }
    let count = Int(((length - side) / (side / 2)).rounded(.up)) + 1
    let step = (length - side) / Double(count - 1)
    return (0..<count).map { side / 2 + Double($0) * step - 0.5 }
  }

  /// Whether an upright view has the whole of a box, as far as the picture has.
  static func isWhole(_ box: FaceBox, in view: PictureView, size: Int, of picture: Picture)
    -> Bool
  {
    let low = -margin * Double(size)
    let high = Double(size) - low
    let half = view.side / 2 + 0.5
    let corners = box.corners
    return (view.x - half <= -0.999 || corners[0] >= low)
      && (view.y - half <= -0.999 || corners[1] >= low)
      && (view.x + half >= Double(picture.width) - 0.001 || corners[2] <= high)
      && (view.y + half >= Double(picture.height) - 0.001 || corners[3] <= high)
  }
}
