import Foundation

/// What is wrong, in words.
public struct FaceError: Error {
  public let message: String

  public init(message: String) {
    self.message = message
  }
}
