/** A TFLite file that is no embedder: one input, float32 in and out. */

import { Tensor } from "@litertjs/core";

import { compile, oneAtATime } from "./litert_runtime.js";
import { TFLiteFile } from "./tflite_file.js";

export class PlainNetwork {
  /**
   * @param {Uint8Array} content - of a `.tflite` file.
   * @returns {Promise<PlainNetwork>}
   */
  static async open(content) {
    const file = new TFLiteFile(content);
    return new PlainNetwork(await compile(file.withBatchOfOne()));
  }

  constructor(model) {
    this.model = model;
    const inputs = model.getInputDetails().map(detail);
    this.input = inputs[0];
    this.outputs = model.getOutputDetails().map(detail);
    const tensors = [...inputs, ...this.outputs];
    if (inputs.length !== 1 || tensors.some(({ dtype }) => dtype !== "float32")) {
      const found = this.describe();
      this.close();
      throw new Error(
        `The network must have one input, and float32 tensors. It has: ${found}.`,
      );
    }
  }

  /**
   * @param {Float32Array} values - of the shape of the input.
   * @returns {Promise<Object<string, Float32Array>>} values by output.
   */
  async run(values) {
    const tensor = new Tensor(values, [...this.input.shape]);
    try {
      const found = await oneAtATime(() => this.model.run([tensor]));
      const outputs = {};
      for (const [index, { name }] of this.outputs.entries()) {
        outputs[name] = Float32Array.from(await found[index].data());
        found[index].delete();
      }
      return outputs;
    } finally {
      tensor.delete();
    }
  }

  /** Its tensors in one line, for errors. */
  describe() {
    const words = ({ name, shape, dtype }) => `${name} ${dtype} [${shape}]`;
    return [this.input, ...this.outputs].filter(Boolean).map(words).join(", ");
  }

  /** Frees the memory of the model. */
  close() {
    this.model.delete();
  }
}

function detail({ name, shape, dtype }) {
  return { name, shape: [...shape], dtype };
}
