import Foundation

/// The few tables of a TFLite file, which is a flatbuffer, that are read here.
/// Slots are 4 + 2 * the number of a field in TFLite's schema.fbs.
struct TFLiteFile {
  let bytes: [UInt8]

  func metadata(_ name: String) throws -> Data? {
    let root = try follow(0)
    for entry in try tables(root, slot: 16) {
      guard let position = try field(entry, slot: 4),
        try content(position) == Data(name.utf8)
      else { continue }
      let index = try field(entry, slot: 6).map { try number($0) } ?? 0
      let buffers = try tables(root, slot: 12)
      guard index < buffers.count, let data = try field(buffers[index], slot: 4)
      else { return nil }
      return try content(data)
    }
    return nil
  }

  private func number(_ position: Int, size: Int = 4) throws -> Int {
    guard position >= 0, position + size <= bytes.count else {
      throw FaceError(message: "The TFLite file is damaged")
    }
    return (0..<size).reduce(0) { $0 | Int(bytes[position + $1]) << (8 * $1) }
  }

  private func follow(_ position: Int) throws -> Int {
    return try position + number(position)
  }

  private func field(_ table: Int, slot: Int) throws -> Int? {
    let slots = try table - Int(Int32(truncatingIfNeeded: number(table)))
    guard try slot < number(slots, size: 2) else { return nil }
    let offset = try number(slots + slot, size: 2)
    return offset == 0 ? nil : table + offset
  }

  private func tables(_ table: Int, slot: Int) throws -> [Int] {
    guard let position = try field(table, slot: slot) else { return [] }
    let vector = try follow(position)
    return try (0..<number(vector)).map { try follow(vector + 4 + 4 * $0) }
  }

  private func content(_ position: Int) throws -> Data {
    let vector = try follow(position)
    let end = try vector + 4 + number(vector)
    guard end <= bytes.count else {
      throw FaceError(message: "The TFLite file is damaged")
    }
    return Data(bytes[(vector + 4)..<end])
  }
}
