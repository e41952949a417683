import Foundation

/// What runs an embedder's file: an aligned face in, an embedding of any norm out.
public protocol Embedder {
  func run(_ face: Picture) throws -> [Float]
}

/// A decision, and what it rests on; the probability is of a calibrated file.
public struct Verification {
  public let score: Double
  public let point: OperatingPoint
  public let probability: Double?
  public var threshold: Double { return point.threshold }
  public var far: Double { return point.far }
  public var isSteady: Bool { return point.isSteady }
  public var same: Bool { return score >= threshold }
}

/// Who a face belongs to, if it is anyone in the gallery: else `name` is `nil`.
public struct Identification {
  public let candidates: [Candidate]
  public let point: OperatingPoint
  public let comparisons: Int
  public var isSteady: Bool { return point.isSteady }

  public var name: String? {
    guard let best = candidates.first, best.score >= point.threshold else { return nil }
    return best.name
  }

  /// How often a stranger gets some name, as if comparisons were independent.
  public var falseAlarmRate: Double { return 1 - pow(1 - point.far, Double(comparisons)) }
}

/// Tells whether two faces are one person's, and whose a face is. Not thread-safe.
///
/// Pictures of the size that the model takes are aligned crops; in others, the
/// detector finds the face.
public final class FaceVerifier {
  public let manifest: FaceManifest
  /// Of the galleries that belong to this verifier.
  public let model: ModelIdentity
  private let embedder: Embedder
  private let detector: FaceDetector?
  private let point: OperatingPoint

  /// `far` is the false accept rate to work at; the strictest steady one by default.
  public init(
    manifest: FaceManifest, embedder: Embedder, detector: FaceDetector? = nil,
    far: Double? = nil
  ) throws {
    point = try manifest.operatingPoint(far: far)
    model = manifest.identity(flip: point.flip)
    self.manifest = manifest
    self.embedder = embedder
    self.detector = detector
  }

  public func verify(_ a: Picture, _ b: Picture) throws -> Verification {
    let cosine = try zip(embed(a), embed(b)).reduce(0) { $0 + $1.0 * $1.1 }
    let score = min(1, max(-1, cosine))
    return Verification(
      score: score, point: point, probability: manifest.calibration?.probability(score))
  }

  public func enrol(_ name: String, _ picture: Picture, in gallery: inout Gallery) throws {
    try gallery.checkModel(model)
    try gallery.enrol(name, embed(picture).map { Float($0) })
  }

  public func identify(_ picture: Picture, in gallery: Gallery) throws -> Identification {
    try gallery.checkModel(model)
    return try Identification(
      candidates: gallery.search(embed(picture)), point: point,
      comparisons: gallery.cropCount)
  }

  /// `embeddingDim` values of norm 1.
  public func embed(_ picture: Picture) throws -> [Double] {
    let face = try crop(picture)
    let straight = try unit(embedder.run(face).map { Double($0) })
    guard point.flip else { return straight }
    let mirrored = try unit(embedder.run(face.mirrored).map { Double($0) })
    return try unit(zip(straight, mirrored).map { $0 + $1 })
  }

  /// The aligned face: the picture itself, or the face that it is of.
  public func crop(_ picture: Picture) throws -> Picture {
    let input = manifest.input
    if picture.width == input.width, picture.height == input.height { return picture }
    guard let detector = detector else {
      throw FaceError(message: "A face must be aligned first, or found by a detector")
    }
    guard let face = try detector.findOne(picture) else {
      throw FaceError(
        message: "There is no face that can be found: it may be too small, too dark, "
          + "turned away or cut by the edge")
    }
    return try align(picture, landmarks: face.points, manifest: manifest)
  }

  private func unit(_ vector: [Double]) throws -> [Double] {
    let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard norm > 0 else {
      throw FaceError(message: "An embedding of zeros has no direction")
    }
    return vector.map { $0 / norm }
  }
}
