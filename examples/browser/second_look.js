/** A face that was found, looked at once more: upright, close, in the middle. */

import { keepSure, suppress } from "./box_suppression.js";
import { PictureView } from "./picture_view.js";

// In crops of the usual size: the middle of a view, and the sides of several,
// whose means lie steadier than the points of one.
const MIDDLE = [55.5, 60];
const SIDES = [180, 224];
const MIN_SCORE = 0.25; // the second time it need not be as sure
const MAX_MOVE = 30; // pixels of the crop; farther off is another face
const MIN_PRESENCE = 0.1; // a mesh fits on nothing else as well

/** What `ks.edge.FaceDetector` does after it found a face. */
export class SecondLook {
  /**
   * @param {object} network - the `BlazeFaceNetwork` that found the faces.
   * @param {object | null} mesh - a `LandmarkNetwork` that looks instead.
   */
  constructor(network, mesh = null) {
    this.network = network;
    this.mesh = mesh;
  }

  /**
   * @param {{width: number, height: number, pixels: Uint8Array}} picture
   * @param {{corners: number[], points: number[][]}} face
   * @returns {Promise<number[][] | null>} steadier points; `null` where a close
   *     look shows no face.
   */
  async look(picture, face) {
    if (!this.mesh) return this.#byDetector(picture, face.points);
    const { points, score } = await this.mesh.find(picture, face);
    return score >= MIN_PRESENCE ? points : null;
  }

  async #byDetector(picture, landmarks) {
    const { size } = this.network;
    const found = [];
    for (const side of SIDES) {
      const view = PictureView.around(landmarks, MIDDLE, side);
      if (!view) return null;
      const pixels = view.cut(picture, size);
      const boxes = await this.network.find(pixels, MIN_SCORE);
      const near = suppress(keepSure(boxes, MIN_SCORE))
        .map((box) => box.points.map((point) => view.toPicture(point, size)))
        .map((points) => ({ points, move: largestMove(points, landmarks) }))
        .filter(({ move }) => (move * side) / view.side <= MAX_MOVE)
        .sort((a, b) => a.move - b.move);
      if (near.length) found.push(near[0].points);
    }
    if (!found.length) return null;
    return landmarks.map((point, index) =>
      point.map(
        (_, axis) =>
          found.reduce((sum, points) => sum + points[index][axis], 0) /
          found.length,
      ),
    );
  }
}

function largestMove(points, others) {
  const moves = points.flatMap((point, index) =>
    point.map((value, axis) => Math.abs(value - others[index][axis])),
  );
  return Math.max(...moves);
}
