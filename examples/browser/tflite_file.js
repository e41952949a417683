/**
 * The few tables of a TFLite file that the page reads.
 *
 * A TFLite file is a flatbuffer. A table finds its fields by slots, 4 + 2 times
 * the number of the field in TFLite's schema.fbs, and these never change.
 */

const MODEL_SUBGRAPHS = 8;
const MODEL_BUFFERS = 12;
const MODEL_METADATA = 16;
const SUBGRAPH_TENSORS = 4;
const TENSOR_SHAPE = 4;
const TENSOR_SHAPE_SIGNATURE = 18;
const METADATA_NAME = 4;
const METADATA_BUFFER = 6;
const BUFFER_DATA = 4;

export class TFLiteFile {
  /** @param {Uint8Array} content - of a `.tflite` file. */
  constructor(content) {
    this.content = content;
    const { buffer, byteOffset, byteLength } = content;
    this.view = new DataView(buffer, byteOffset, byteLength);
    if (byteLength < 8 || text(content.subarray(4, 8)) !== "TFL3") {
      throw new Error("This is not a TFLite file.");
    }
  }

  /**
   * A metadata buffer.
   *
   * @param {string} name - the entry's name.
   * @returns {Uint8Array | null} `null` if there is no such entry.
   */
  metadata(name) {
    return this.#read((model) => {
      for (const entry of this.#tables(model, MODEL_METADATA)) {
        const position = this.#field(entry, METADATA_NAME);
        if (!position || text(this.#bytes(position)) !== name) continue;
        const slot = this.#field(entry, METADATA_BUFFER);
        const index = slot ? this.#uint32(slot) : 0;
        const buffer = this.#tables(model, MODEL_BUFFERS)[index];
        const data = buffer && this.#field(buffer, BUFFER_DATA);
        if (data) return this.#bytes(data);
      }
      return null;
    });
  }

  /**
   * The file with a batch of one where it leaves the batch open.
   *
   * LiteRT.js runs a signature only if its shapes are fixed. A tensor has its
   * shape for a batch of one, and a signature of the shape with -1 for what is
   * open: this makes the second the first.
   *
   * @returns {Uint8Array} a changed copy.
   */
  withBatchOfOne() {
    const copy = new TFLiteFile(this.content.slice());
    copy.#read((model) => {
      for (const graph of copy.#tables(model, MODEL_SUBGRAPHS)) {
        for (const tensor of copy.#tables(graph, SUBGRAPH_TENSORS)) {
          const shape = copy.#field(tensor, TENSOR_SHAPE);
          const signature = copy.#field(tensor, TENSOR_SHAPE_SIGNATURE);
          if (!shape || !signature) continue;
          const from = copy.#vector(shape, 4);
          const to = copy.#vector(signature, 4);
          const count = Math.min(from.length, to.length);
          for (let offset = 0; offset < 4 * count; offset += 4) {
            const size = copy.view.getInt32(from.start + offset, true);
            copy.view.setInt32(to.start + offset, size, true);
          }
        }
      }
    });
    return copy.content;
  }

  #read(reader) {
    try {
      return reader(this.#follow(0));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new Error("The TFLite file is damaged.", { cause: error });
    }
  }

  #uint32(position) {
    return this.view.getUint32(position, true);
  }

  #follow(position) {
    return position + this.#uint32(position);
  }

  /** Position of a field, or 0 if the table leaves it out. */
  #field(table, slot) {
    const slots = table - this.view.getInt32(table, true);
    if (slot >= this.view.getUint16(slots, true)) return 0;
    const offset = this.view.getUint16(slots + slot, true);
    return offset && table + offset;
  }

  #vector(position, itemSize) {
    const start = this.#follow(position) + 4;
    const length = this.#uint32(start - 4);
    if (start + itemSize * length > this.content.length) {
      throw new RangeError("a vector past the end");
    }
    return { start, length };
  }

  #bytes(position) {
    const { start, length } = this.#vector(position, 1);
    return this.content.subarray(start, start + length);
  }

  #tables(table, slot) {
    const position = this.#field(table, slot);
    if (!position) return [];
    const { start, length } = this.#vector(position, 4);
    return Array.from({ length }, (_, index) =>
      this.#follow(start + 4 * index),
    );
  }
}

function text(bytes) {
  return String.fromCharCode(...bytes);
}
