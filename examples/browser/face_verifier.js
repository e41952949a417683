/** Face verification from one TFLite file: `ks.edge.FaceVerifier` in a page. */

import { Tensor } from "@litertjs/core";

import { mirrored } from "./face_image.js";
import { compile, oneAtATime } from "./litert_runtime.js";
import { ManifestError, readManifest } from "./manifest.js";
import {
  defaultPoint,
  probability,
  strictestFirst,
} from "./operating_points.js";
import { TFLiteFile } from "./tflite_file.js";

const SIGNATURE = "embed";

export class FaceVerifier {
  /**
   * Opens a file that `ks.export.export_litert` wrote.
   *
   * @param {Uint8Array} content - of the file.
   * @returns {Promise<FaceVerifier>}
   */
  static async open(content) {
    const file = new TFLiteFile(content);
    const manifest = await readManifest(file);
    const model = await compile(file.withBatchOfOne());
    try {
      return new FaceVerifier(manifest, model);
    } catch (error) {
      model.delete();
      throw error;
    }
  }

  constructor(manifest, model) {
    this.manifest = manifest;
    this.model = model;
    const signature = model.signatures[SIGNATURE];
    const images = signature?.getInputDetails()[0];
    const embeddings = signature?.getOutputDetails()[0];
    if (images?.name !== "images" || embeddings?.name !== "embeddings") {
      throw new Error(
        `The file must have a signature "${SIGNATURE}" from "images" to ` +
          `"embeddings". It has: ${Object.keys(model.signatures).join(", ")}.`,
      );
    }
    if (embeddings.dtype !== "float32") {
      throw new Error(
        `The embeddings must be float32. The file has: ${embeddings.dtype}.`,
      );
    }
    if (images.shape[0] !== 1) {
      throw new Error(
        `The file takes ${images.shape[0]} faces at once. Export it with a ` +
          "batch size of 1, or of any.",
      );
    }
    const { height, width, channels, dtype } = manifest.input;
    const claims = [
      ["input", [height, width, channels], [...images.shape.slice(1)]],
      ["input.dtype", dtype ?? images.dtype, images.dtype],
      ["embedding_dim", manifest.embedding_dim, embeddings.shape.at(-1)],
    ];
    for (const [key, claimed, found] of claims) {
      if (String(claimed) !== String(found)) {
        throw new ManifestError(
          `The manifest contradicts the model: \`${key}\` is ${claimed}, ` +
            `and the model has ${found}.`,
        );
      }
    }
    this.dtype = images.dtype;
  }

  /** Operating points, the strictest first: the lowest false accept rate. */
  get operatingPoints() {
    return strictestFirst(this.manifest.operating_points);
  }

  /** The strictest that is steady; `null` if there are none. */
  get defaultPoint() {
    return defaultPoint(this.manifest.operating_points);
  }

  /**
   * Embeds one face.
   *
   * @param {Uint8Array} pixels - RGB in [0, 255], rows first, of the size in
   *     the manifest.
   * @param {{flip: boolean}} options - whether the mirror image is embedded
   *     with it, as the thresholds of some files want.
   * @returns {Promise<Float64Array>} `embedding_dim` values of norm 1.
   */
  async embed(pixels, { flip }) {
    const straight = unit(await this.run(pixels));
    if (!flip) return straight;
    const { width } = this.manifest.input;
    const other = unit(await this.run(mirrored(pixels, width)));
    return unit(straight.map((value, index) => value + other[index]));
  }

  /**
   * Compares two faces.
   *
   * @param {Uint8Array} pixelsA - as `embed` takes them.
   * @param {Uint8Array} pixelsB
   * @param {object | null} point - the operating point that decides, or `null`
   *     for a score without a decision.
   * @returns {Promise<{score: number, same: boolean | null, probability:
   *     number | null}>} cosine similarity in [-1, 1], whether it reaches the
   *     threshold, and how probable one person is at even odds, where the file
   *     is calibrated.
   */
  async verify(pixelsA, pixelsB, point) {
    const options = { flip: point?.flip ?? false };
    const a = await this.embed(pixelsA, options);
    const b = await this.embed(pixelsB, options);
    return this.compare(a, b, point);
  }

  /** `verify` of two embeddings. */
  compare(a, b, point) {
    const cosine = a.reduce((sum, value, index) => sum + value * b[index], 0);
    const score = Math.min(1, Math.max(-1, cosine));
    return {
      score,
      same: point ? score >= point.threshold : null,
      probability: probability(score, this.manifest.calibration),
    };
  }

  async run(pixels) {
    const { height, width } = this.manifest.input;
    const values = this.dtype === "uint8" ? pixels : Float32Array.from(pixels);
    const images = new Tensor(values, [1, height, width, 3]);
    try {
      const { embeddings } = await oneAtATime(() =>
        this.model.run(SIGNATURE, { images }),
      );
      try {
        return Float64Array.from(await embeddings.data());
      } finally {
        embeddings.delete();
      }
    } finally {
      images.delete();
    }
  }

  /** Frees the memory of the model. */
  close() {
    this.model.delete();
  }
}

function unit(vector) {
  const norm = Math.hypot(...vector);
  if (!Number.isFinite(norm) || norm === 0) {
    throw new Error("The embedding of a face is all zeros or not finite.");
  }
  return vector.map((value) => value / norm);
}
