import CryptoKit
import Foundation

/// The bytes of a gallery, as `ks.edge.Gallery` saves and loads them.
public enum GalleryFile {
  private static let magic = Data("SFGALRY\n".utf8)
  private static let formatVersion = 1
  private static let digestSize = 32
  private static let normTolerance = 1e-4
  private static let damaged = FaceError(message: "The gallery file is damaged or cut off")

  private struct Header: Codable {
    let formatVersion: Int
    let model: ModelIdentity
    let numCrops: Int
    let names: [String]
  }

  public static func read(_ content: Data) throws -> Gallery {
    let bytes = [UInt8](content)
    let start = magic.count + 8
    guard content.starts(with: magic) else {
      throw FaceError(message: "This is not a gallery file")
    }
    guard bytes.count > start else { throw damaged }
    let length = number(bytes, at: magic.count, size: 8)
    guard length <= UInt64(bytes.count - start) else { throw damaged }
    var position = start + Int(length)
    let header = try readHeader(Data(bytes[start..<position]))
    let dim = header.model.embeddingDim
    guard header.numCrops >= 0, header.numCrops <= bytes.count, dim >= 1, dim <= bytes.count,
      bytes.count == position + 4 * header.numCrops * (1 + dim) + digestSize
    else { throw damaged }
    let body = bytes.dropLast(digestSize)
    guard Array(SHA256.hash(data: body)) == Array(bytes.suffix(digestSize)) else {
      throw FaceError(
        message: "The gallery file is damaged: its checksum differs, or it has a key")
    }
    func word() -> UInt32 {
      defer { position += 4 }
      return UInt32(number(bytes, at: position, size: 4))
    }
    let owners = (0..<header.numCrops).map { _ in Int(Int32(bitPattern: word())) }
    guard Set(owners) == Set(header.names.indices) else { throw damaged }
    let rows = owners.map { _ in (0..<dim).map { _ in Float(bitPattern: word()) } }
    var gallery = Gallery(model: header.model)
    for (index, name) in header.names.enumerated() {
      for (owner, row) in zip(owners, rows) where owner == index {
        let square = row.reduce(0) { $0 + Double($1) * Double($1) }
        guard abs(square - 1) < 2 * normTolerance else {
          throw FaceError(message: "A crop of \(name) is not of norm 1")
        }
        try gallery.enrol(name, row)
      }
    }
    return gallery
  }

  public static func write(_ gallery: Gallery) throws -> Data {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let header = try encoder.encode(
      Header(
        formatVersion: formatVersion, model: gallery.model, numCrops: gallery.cropCount,
        names: gallery.names))
    var content = magic
    func add<Number: FixedWidthInteger>(_ number: Number) {
      withUnsafeBytes(of: number.littleEndian) { content.append(contentsOf: $0) }
    }
    add(UInt64(header.count))
    content.append(header)
    for (index, name) in gallery.names.enumerated() {
      gallery.of(name).forEach { _ in add(Int32(index)) }
    }
    for name in gallery.names {
      for row in gallery.of(name) { row.forEach { add($0.bitPattern) } }
    }
    content.append(contentsOf: SHA256.hash(data: content))
    return content
  }

  private static func readHeader(_ text: Data) throws -> Header {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let keys = try (JSONSerialization.jsonObject(with: text) as? [String: Any])?.keys
    guard let header = try? decoder.decode(Header.self, from: text),
      header.formatVersion == formatVersion,
      Set(keys.map(Array.init) ?? []) == ["format_version", "model", "num_crops", "names"],
      Set(header.names).count == header.names.count
    else {
      throw FaceError(
        message: "The gallery is of another kind; save it in Python with float32 embeddings")
    }
    return header
  }

  private static func number(_ bytes: [UInt8], at position: Int, size: Int) -> UInt64 {
    return (0..<size).reduce(0) { $0 | UInt64(bytes[position + $1]) << (8 * UInt64($1)) }
  }
}
