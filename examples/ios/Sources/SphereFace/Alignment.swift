/// Cuts the upright face out of a picture. Landmarks are x and y in pixels.
public func align(
  _ picture: Picture, landmarks: [[Double]], manifest: FaceManifest
) throws -> Picture {
  let template = manifest.alignment
  guard landmarks.count == template.count else {
    throw FaceError(message: "Five landmarks are needed")
  }
  let fit = Similarity(landmarks, onto: template)
  let mirrored = Similarity(landmarks.map { [-$0[0], $0[1]] }, onto: template)
  guard fit.square > 0.5 * mirrored.square else {
    throw FaceError(message: "The landmarks fit a face better with left and right swapped")
  }
  let width = manifest.input.width
  let height = manifest.input.height
  var rgb = [UInt8]()
  rgb.reserveCapacity(3 * width * height)
  for row in 0..<height {
    for column in 0..<width {
      // Where this pixel of the crop lies in the picture.
      let u = Double(column) - fit.toX
      let v = Double(row) - fit.toY
      let x = (fit.a * u + fit.b * v) / fit.square + fit.fromX
      let y = (fit.a * v - fit.b * u) / fit.square + fit.fromY
      let left = Int(x.rounded(.down))
      let top = Int(y.rounded(.down))
      let right = x - Double(left)
      let bottom = y - Double(top)
      for channel in 0..<3 {
        let upper =
          (1 - right) * picture.value(left, top, channel)
          + right * picture.value(left + 1, top, channel)
        let lower =
          (1 - right) * picture.value(left, top + 1, channel)
          + right * picture.value(left + 1, top + 1, channel)
        let mixed = (1 - bottom) * upper + bottom * lower
        rgb.append(UInt8(mixed.rounded(.toNearestOrEven)))
      }
    }
  }
  return Picture(width: width, height: height, rgb: rgb)
}
