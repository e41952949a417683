import Foundation

/// A square part of a picture, turned clockwise by `degrees`, around its middle.
/// Centers of pixels are at whole numbers.
struct PictureView {
  let x: Double
  let y: Double
  let side: Double
  let degrees: Double

  /// The square around a picture.
  static func whole(_ picture: Picture, degrees: Double = 0) -> PictureView {
    return PictureView(
      x: Double(picture.width - 1) / 2, y: Double(picture.height - 1) / 2,
      side: Double(max(picture.width, picture.height)), degrees: degrees)
  }

  /// Where a face stands upright at a place of its own; `nil` if it is none.
  static func around(_ landmarks: [[Double]], middle: [Double], side: Double) -> PictureView? {
    let fit = Similarity(FivePoints.template, onto: landmarks)
    let scale = fit.square.squareRoot()
    guard scale >= 1e-6 else { return nil }
    let u = middle[0] - fit.fromX
    let v = middle[1] - fit.fromY
    return PictureView(
      x: fit.a * u - fit.b * v + fit.toX, y: fit.b * u + fit.a * v + fit.toY,
      side: side * scale, degrees: atan2(fit.b, fit.a) * 180 / Double.pi)
  }

  /// Its pixels: averaged where they shrink, then read bilinearly; black outside.
  func cut(_ picture: Picture, size: Int) -> Picture {
    let radians = degrees * Double.pi / 180
    let reach = side / 2 * (abs(cos(radians)) + abs(sin(radians))) + 1
    let columns = span(x, reach, picture.width)
    let rows = span(y, reach, picture.height)
    guard !columns.isEmpty, !rows.isEmpty else {
      return Picture(
        width: size, height: size, rgb: [UInt8](repeating: 0, count: 3 * size * size))
    }
    let factor = max(1, Int((side / Double(size)).rounded(.toNearestOrEven)))
    let part = shrink(picture, columns, rows, factor)
    // From here on counted from the corners of pixels of the part.
    let matrix = self.matrix(size)
    let scale = Double(factor)
    let c = matrix.c / scale
    let s = matrix.s / scale
    let startX = matrix.x / scale + (0.5 - Double(columns.lowerBound)) / scale
    let startY = matrix.y / scale + (0.5 - Double(rows.lowerBound)) / scale
    var rgb = [UInt8]()
    rgb.reserveCapacity(3 * size * size)
    for row in 0..<size {
      for column in 0..<size {
        let u = Double(column) + 0.5
        let v = Double(row) + 0.5
        rgb += sample(part, c * u - s * v + startX, s * u + c * v + startY)
      }
    }
    return Picture(width: size, height: size, rgb: rgb)
  }

  /// A point of the view, which is `size` wide, as a point of the picture.
  func toPicture(_ point: [Double], size: Int) -> [Double] {
    let (c, s, originX, originY) = matrix(size)
    return [c * point[0] - s * point[1] + originX, s * point[0] + c * point[1] + originY]
  }

  private func matrix(_ size: Int) -> (c: Double, s: Double, x: Double, y: Double) {
    let radians = degrees * Double.pi / 180
    let c = side / Double(size) * cos(radians)
    let s = side / Double(size) * sin(radians)
    let half = Double(size) / 2
    return (c, s, x - (c - s) * half, y - (s + c) * half)
  }

  private func span(_ middle: Double, _ reach: Double, _ length: Int) -> Range<Int> {
    let low = max(0, Int((middle - reach).rounded(.down)))
    let high = min(length, Int((middle + reach).rounded(.up)) + 1)
    return low..<max(low, high)
  }

  /// Means over squares, with 24 bits behind the point as Pillow's.
  private func shrink(
    _ picture: Picture, _ columns: Range<Int>, _ rows: Range<Int>, _ factor: Int
  ) -> Picture {
    let one = 1 << 24
    let width = (columns.count + factor - 1) / factor
    let height = (rows.count + factor - 1) / factor
    var rgb = [UInt8]()
    rgb.reserveCapacity(3 * width * height)
    for top in stride(from: rows.lowerBound, to: rows.upperBound, by: factor) {
      let bottom = min(rows.upperBound, top + factor)
      for left in stride(from: columns.lowerBound, to: columns.upperBound, by: factor) {
        let right = min(columns.upperBound, left + factor)
        let count = (right - left) * (bottom - top)
        for channel in 0..<3 {
          var sum = count / 2
          for row in top..<bottom {
            for column in left..<right {
              sum += Int(picture.rgb[3 * (row * picture.width + column) + channel])
            }
          }
          rgb.append(UInt8(sum * (one / count) / one))
        }
      }
    }
    return Picture(width: width, height: height, rgb: rgb)
  }

  private func sample(_ part: Picture, _ x: Double, _ y: Double) -> [UInt8] {
    guard x >= 0, y >= 0, x < Double(part.width), y < Double(part.height) else {
      return [0, 0, 0]
    }
    let left = Int((x - 0.5).rounded(.down))
    let top = Int((y - 0.5).rounded(.down))
    let right = x - 0.5 - Double(left)
    let bottom = y - 0.5 - Double(top)
    // The outermost pixels reach to the border.
    let x0 = max(left, 0)
    let x1 = min(left + 1, part.width - 1)
    let y0 = max(top, 0)
    let y1 = min(top + 1, part.height - 1)
    return (0..<3).map { channel in
      // In this form: a fraction is cut off, and another rounds otherwise.
      let upperLeft = part.value(x0, y0, channel)
      let lowerLeft = part.value(x0, y1, channel)
      let upper = upperLeft + (part.value(x1, y0, channel) - upperLeft) * right
      let lower = lowerLeft + (part.value(x1, y1, channel) - lowerLeft) * right
      return UInt8(upper + (lower - upper) * bottom)
    }
  }
}
