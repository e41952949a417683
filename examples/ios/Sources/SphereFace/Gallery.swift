/// Somebody in the gallery, and how much a face looks like them.
public struct Candidate {
  public let name: String
  public let score: Double
}

/// The file that makes embeddings, and how it is used.
public struct ModelIdentity: Codable, Equatable {
  public let checksum: String
  public let embeddingDim: Int
  public let flip: Bool
  public let quantization: String
  public let packageVersion: String
}

/// Enrolled people: `ks.edge.Gallery`.
public struct Gallery {
  public let model: ModelIdentity
  /// Everybody, in the order in which they were enrolled.
  public private(set) var names = [String]()
  private var crops = [String: [[Float]]]()

  public init(model: ModelIdentity) {
    self.model = model
  }

  public var cropCount: Int { return crops.values.reduce(0) { $0 + $1.count } }

  /// The embeddings of one person.
  public func of(_ name: String) -> [[Float]] { return crops[name] ?? [] }

  /// Throws unless the gallery belongs to this model.
  public func checkModel(_ other: ModelIdentity) throws {
    guard other == model else {
      throw FaceError(
        message: "The gallery belongs to another model: enrolled with \(model), not \(other)")
    }
  }

  /// Adds a face, of norm 1, of somebody who may be there already.
  public mutating func enrol(_ name: String, _ embedding: [Float]) throws {
    guard !name.isEmpty else { throw FaceError(message: "A name is needed") }
    guard embedding.count == model.embeddingDim else {
      throw FaceError(message: "An embedding has \(model.embeddingDim) numbers")
    }
    if crops[name] == nil { names.append(name) }
    crops[name, default: []].append(embedding)
  }

  /// Erases somebody with all their faces.
  public mutating func remove(_ name: String) throws {
    guard crops.removeValue(forKey: name) != nil else {
      throw FaceError(message: "Nobody is called \(name)")
    }
    names.removeAll { $0 == name }
  }

  /// Everybody by the best of their crops, the most similar first.
  public func search(_ embedding: [Double]) -> [Candidate] {
    let all = names.map { name -> Candidate in
      let scores = of(name).map { row in
        zip(row, embedding).reduce(0) { $0 + Double($1.0) * $1.1 }
      }
      return Candidate(name: name, score: scores.max() ?? -1)
    }
    return all.sorted { $0.score > $1.score }
  }
}
