import SphereFace
import UIKit

/// The pixels of a photograph, turned upright.
func picture(of image: UIImage) throws -> Picture {
  let format = UIGraphicsImageRendererFormat()
  format.scale = 1
  format.opaque = true
  let size = CGSize(
    width: image.size.width * image.scale, height: image.size.height * image.scale)
  let upright = UIGraphicsImageRenderer(size: size, format: format).image { _ in
    image.draw(in: CGRect(origin: .zero, size: size))
  }
  guard let pixels = upright.cgImage else {
    throw FaceError(message: "The image cannot be drawn")
  }
  return try Picture(pixels)
}
