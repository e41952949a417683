import Foundation
import SphereFace
import TensorFlowLite

/// An exported file in TensorFlow Lite. Not thread-safe.
final class LiteRTEmbedder: Embedder {
  static let embedSignature = "embed"

  let manifest: FaceManifest
  private let embedder: SignatureRunner
  private let isUInt8: Bool

  init(modelPath: String) throws {
    manifest = try FaceManifest.read(Data(contentsOf: URL(fileURLWithPath: modelPath)))
    var options = Interpreter.Options()
    options.threadCount = 2
    let interpreter = try Interpreter(modelPath: modelPath, options: options)
    embedder = try interpreter.signatureRunner(with: LiteRTEmbedder.embedSignature)
    isUInt8 = manifest.input.dtype == "uint8"
    let images = try embedder.input(named: "images")
    let shape = [1, manifest.input.height, manifest.input.width, 3]
    let type: Tensor.DataType = isUInt8 ? .uInt8 : .float32
    guard images.shape.dimensions == shape, images.dataType == type else {
      throw FaceError(message: "The manifest contradicts the model")
    }
  }

  func run(_ face: Picture) throws -> [Float] {
    guard face.width == manifest.input.width, face.height == manifest.input.height else {
      throw FaceError(message: "A face must be aligned first")
    }
    let pixels =
      isUInt8
      ? Data(face.rgb) : face.rgb.map { Float32($0) }.withUnsafeBytes { Data($0) }
    try embedder.invoke(with: ["images": pixels])
    return floats(try embedder.output(named: "embeddings"))
  }
}

func floats(_ tensor: Tensor) -> [Float] {
  return tensor.data.withUnsafeBytes { Array($0.bindMemory(to: Float32.self)) }
}
