import Foundation

/// What runs a detector's file: numbers in, regressors and logits out.
public protocol DetectorRuntime {
  /// Height and width of the input, and how many boxes come out.
  var size: Int { get }
  var anchorCount: Int { get }

  func run(_ values: [Float]) throws -> (regressors: [Float], logits: [Float])
}

/// MediaPipe's detectors: several boxes per face in a square of pixels.
struct BlazeFace {
  private static let valueCount = 16  // middle, width and height, six points
  private static let pixelMean: Float = 127.5
  private static let pixelScale: Float = 127.5
  private static let shortRange = 128
  private static let maxLogit = 100.0
  // Stride and anchors per cell of the grids of MediaPipe's networks.
  private static let layouts = [[(4, 1)], [(8, 2), (16, 6)]]

  private let runtime: DetectorRuntime
  private let anchors: [[Double]]

  init(_ runtime: DetectorRuntime) throws {
    let size = runtime.size
    let all = BlazeFace.layouts.map { BlazeFace.centers(size: size, layout: $0) }
    guard let anchors = all.first(where: { $0.count == runtime.anchorCount }) else {
      throw FaceError(
        message: "Not a detector of the BlazeFace kind: \(runtime.anchorCount) boxes")
    }
    self.runtime = runtime
    self.anchors = anchors
  }

  var size: Int { return runtime.size }

  /// The least side of a face that it finds, as a share of what it is shown.
  var smallest: Double {
    return size > BlazeFace.shortRange ? 19.0 / 192 : 20.0 / Double(BlazeFace.shortRange)
  }

  func find(_ square: Picture, minScore: Double) throws -> [FaceBox] {
    let values = square.rgb.map { (Float($0) - BlazeFace.pixelMean) / BlazeFace.pixelScale }
    let (regressors, logits) = try runtime.run(values)
    let least = log(minScore / (1 - minScore))
    return anchors.indices.filter { Double(logits[$0]) >= least }.map { index in
      let start = BlazeFace.valueCount * index
      let values = regressors[start..<(start + BlazeFace.valueCount)].map { Double($0) }
      return box(values, logit: Double(logits[index]), anchor: anchors[index])
    }
  }

  private func box(_ values: [Double], logit: Double, anchor: [Double]) -> FaceBox {
    let x = anchor[0] + values[0]
    let y = anchor[1] + values[1]
    let half = [values[2] / 2, values[3] / 2]
    let six = stride(from: 4, to: values.count, by: 2).map {
      [anchor[0] + values[$0], anchor[1] + values[$0 + 1]]
    }
    return FaceBox(
      corners: [x - half[0], y - half[1], x + half[0], y + half[1]],
      points: FivePoints.ofSix(six),
      score: 1 / (1 + exp(-min(logit, BlazeFace.maxLogit))))
  }

  private static func centers(size: Int, layout: [(Int, Int)]) -> [[Double]] {
    return layout.flatMap { step, count -> [[Double]] in
      let cells = (size + step - 1) / step
      let width = Double(size) / Double(cells)
      return (0..<(cells * cells * count)).map { index in
        let cell = index / count
        return [(Double(cell % cells) + 0.5) * width, (Double(cell / cells) + 0.5) * width]
      }
    }
  }
}
