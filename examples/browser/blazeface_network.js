/** MediaPipe's face detectors. */

import { anchorCenters, decodeBlazeFace, NUM_VALUES } from "./blazeface.js";

const [PIXEL_MEAN, PIXEL_SCALE] = [127.5, 127.5];
// The least side of a face that they find, as a share of what they are shown:
// 19 pixels of the full range's 192, 20 of the short range's 128.
const SHORT_RANGE = 128;
const [SMALLEST_FULL, SMALLEST_SHORT] = [19 / 192, 20 / 128];

/** Several boxes per face, in what it is shown: `ks.edge`'s of the same name. */
export class BlazeFaceNetwork {
  /** @param {object} model - a `PlainNetwork`. */
  constructor(model) {
    const { input, outputs } = model;
    const [, size] = input.shape;
    const named = (width) => outputs.find(({ shape }) => shape.at(-1) === width);
    const [regressors, logits] = [named(NUM_VALUES), named(1)];
    const numAnchors = logits?.shape[1];
    this.anchors = size > 0 ? anchorCenters(size, numAnchors) : null;
    if (
      String(input.shape) !== `1,${size},${size},3` ||
      outputs.length !== 2 ||
      !this.anchors ||
      String(logits.shape) !== `1,${numAnchors},1` ||
      String(regressors?.shape) !== `1,${numAnchors},${NUM_VALUES}`
    ) {
      throw new Error(
        "The file is not a face detector of the BlazeFace kind, such as " +
          "MediaPipe's face_detection_short_range.tflite. " +
          `It has: ${model.describe()}.`,
      );
    }
    Object.assign(this, { model, size });
    this.regressors = regressors.name;
    this.logits = logits.name;
    this.smallest = size > SHORT_RANGE ? SMALLEST_FULL : SMALLEST_SHORT;
  }

  /**
   * @param {Uint8Array} pixels - `size * size * 3` values, RGB.
   * @param {number} minScore
   * @returns {Promise<object[]>} boxes, see `decodeBlazeFace`.
   */
  async find(pixels, minScore) {
    const scaled = Float32Array.from(
      pixels,
      (value) => (value - PIXEL_MEAN) / PIXEL_SCALE,
    );
    const outputs = await this.model.run(scaled);
    const [regressors, logits] = [outputs[this.regressors], outputs[this.logits]];
    return decodeBlazeFace(regressors, logits, this.anchors, minScore);
  }
}
