import Foundation

/// A threshold, its false accept rate, and whether mirror images are added.
public struct OperatingPoint: Decodable {
  public let far: Double
  public let threshold: Double
  public let flip: Bool
  public let impostorPairs: Int?
  /// 95 % interval of the false accept rate, low and high.
  public let farInterval: [Double]?
  /// What it was measured on.
  public let data: String?

  public static let steadyPairs = 30

  /// Pairs of different people that the threshold rests on; 0 if not known.
  public var impostorsAbove: Int { return Int(far * Double(impostorPairs ?? 0) * (1 + 1e-9)) }

  /// Whether these are enough.
  public var isSteady: Bool { return impostorsAbove >= OperatingPoint.steadyPairs }
}

/// How probable one person is, given a score, if both were as probable before.
public struct Calibration: Decodable {
  public let slope: Double
  public let intercept: Double
  public let genuineShare: Double

  public func probability(_ score: Double) -> Double {
    let odds = log(genuineShare / (1 - genuineShare))
    return 1 / (1 + exp(odds - slope * score - intercept))
  }
}
