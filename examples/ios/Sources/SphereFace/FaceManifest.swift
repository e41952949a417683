import Foundation

/// What the model says about itself.
public struct FaceManifest: Decodable {
  public struct Input: Decodable {
    public let height: Int
    public let width: Int
    public let colorOrder: String
    public let pixelRange: [Int]
    public let dtype: String?
  }

  public let formatVersion: Int
  public let input: Input
  public let embeddingDim: Int
  public let similarity: String
  /// x and y of the five landmarks in a crop, in pixels.
  public let alignment: [[Double]]
  public let quantization: String
  public let packageVersion: String
  public let checksum: String
  /// That from before thresholds were set again.
  public let modelChecksum: String?
  public let operatingPoints: [OperatingPoint]
  /// Older files have none.
  public let calibration: Calibration?

  public static let metadataName = "keras_sphereface.manifest"
  public static let supportedFormat = 1

  public static func read(_ model: Data) throws -> FaceManifest {
    guard let content = try TFLiteFile(bytes: [UInt8](model)).metadata(metadataName) else {
      throw FaceError(message: "The model has no keras_sphereface manifest")
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let manifest = try decoder.decode(FaceManifest.self, from: content)
    guard manifest.formatVersion == supportedFormat,
      manifest.input.colorOrder == "RGB",
      manifest.input.pixelRange == [0, 255],
      manifest.similarity == "cosine"
    else { throw FaceError(message: "The manifest is of another kind") }
    return manifest
  }

  /// Whose embeddings a gallery holds.
  public func identity(flip: Bool) -> ModelIdentity {
    return ModelIdentity(
      checksum: modelChecksum ?? checksum, embeddingDim: embeddingDim, flip: flip,
      quantization: quantization, packageVersion: packageVersion)
  }

  /// The operating point at a rate, or the strictest steady one, or the loosest.
  public func operatingPoint(far: Double?) throws -> OperatingPoint {
    let points = operatingPoints.sorted { $0.far < $1.far }
    let usual = points.first(where: { $0.isSteady }) ?? points.last
    guard let point = far == nil ? usual : points.first(where: { $0.far == far }) else {
      throw FaceError(message: "The model was measured at \(points.map { $0.far })")
    }
    return point
  }
}
