import CoreGraphics

/// Red, green and blue of each pixel, rows from the top.
public struct Picture {
  public let width: Int
  public let height: Int
  public let rgb: [UInt8]

  public init(width: Int, height: Int, rgb: [UInt8]) {
    self.width = width
    self.height = height
    self.rgb = rgb
  }

  public init(_ image: CGImage) throws {
    let width = image.width
    let height = image.height
    var rgba = [UInt8](repeating: 0, count: 4 * width * height)
    let isDrawn = rgba.withUnsafeMutableBytes { memory -> Bool in
      guard let space = CGColorSpace(name: CGColorSpace.sRGB),
        let context = CGContext(
          data: memory.baseAddress, width: width, height: height,
          bitsPerComponent: 8, bytesPerRow: 4 * width, space: space,
          bitmapInfo: CGImageAlphaInfo.noneSkipLast.rawValue)
      else { return false }
      context.draw(image, in: CGRect(x: 0, y: 0, width: width, height: height))
      return true
    }
    guard isDrawn else { throw FaceError(message: "The image cannot be drawn") }
    self.init(width: width, height: height, rgb: (0..<3 * width * height).map {
      rgba[$0 / 3 * 4 + $0 % 3]
    })
  }

  public var mirrored: Picture {
    var flipped = rgb
    for pixel in 0..<width * height {
      let other = pixel + width - 1 - 2 * (pixel % width)
      for channel in 0..<3 { flipped[3 * pixel + channel] = rgb[3 * other + channel] }
    }
    return Picture(width: width, height: height, rgb: flipped)
  }

  /// One channel of a pixel; black outside.
  public func value(_ x: Int, _ y: Int, _ channel: Int) -> Double {
    guard 0..<width ~= x, 0..<height ~= y else { return 0 }
    return Double(rgb[3 * (y * width + x) + channel])
  }
}
