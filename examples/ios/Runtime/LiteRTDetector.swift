import Foundation
import SphereFace
import TensorFlowLite

/// MediaPipe's `face_detection_*.tflite` in TensorFlow Lite. Not thread-safe.
final class LiteRTDetector: DetectorRuntime {
  let size: Int
  let anchorCount: Int
  private let interpreter: Interpreter
  private let regressors: Int
  private let logits: Int

  init(modelPath: String) throws {
    interpreter = try Interpreter(modelPath: modelPath)
    try interpreter.allocateTensors()
    let shapes = try (0..<interpreter.outputTensorCount).map {
      try interpreter.output(at: $0).shape.dimensions
    }
    guard let regressors = shapes.firstIndex(where: { $0.last == 16 }),
      let logits = shapes.firstIndex(where: { $0.last == 1 })
    else { throw FaceError(message: "Not a detector of the BlazeFace kind") }
    self.regressors = regressors
    self.logits = logits
    size = try interpreter.input(at: 0).shape.dimensions[1]
    anchorCount = shapes[logits][1]
  }

  func run(_ values: [Float]) throws -> (regressors: [Float], logits: [Float]) {
    try interpreter.copy(values.withUnsafeBytes { Data($0) }, toInputAt: 0)
    try interpreter.invoke()
    return (
      floats(try interpreter.output(at: regressors)), floats(try interpreter.output(at: logits))
    )
  }
}
