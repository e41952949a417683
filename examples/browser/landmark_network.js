/** MediaPipe's face mesh, for five points that lie steadier. */

import { PictureView } from "./picture_view.js";

const NUM_POINTS = 468;
// Of the mesh: the rims of both eyes, the nose, the corners of the mouth.
const FIVE = [
  [33, 133, 159, 145, 158, 153, 160, 144],
  [263, 362, 386, 374, 385, 380, 387, 373],
  [4],
  [61],
  [291],
];
const REACH = 1.5; // the side of a view, in sides of the face's box
// How far beside the view that it should be shown a face may be.
const [MAX_MOVE, MAX_SCALE, MAX_TURN] = [0.06, 0.15, 8];
const MAX_LOOKS = 3;
const FARTHEST = 10; // sides of the view; a mesh that reaches farther is none

/** `ks.edge.landmark_network.LandmarkNetwork` in a page. */
export class LandmarkNetwork {
  /**
   * @param {object} model - a `PlainNetwork` of `face_landmark.tflite`.
   */
  constructor(model) {
    const { input, outputs } = model;
    const bySize = new Map(
      outputs.map(({ name, shape }) => [
        shape.reduce((product, side) => product * side, 1),
        name,
      ]),
    );
    const [, size] = input.shape;
    this.model = model;
    this.size = size;
    this.points = bySize.get(3 * NUM_POINTS);
    this.score = bySize.get(1);
    if (
      String(input.shape) !== `1,${size},${size},3` ||
      outputs.length !== 2 ||
      !this.points ||
      !this.score
    ) {
      throw new Error(
        "The file is not MediaPipe's face_landmark.tflite. " +
          `It has: ${model.describe()}.`,
      );
    }
  }

  /**
   * The five points of a face, looked at closely.
   *
   * @param {{width: number, height: number, pixels: Uint8Array}} picture
   * @param {{corners: number[], points: number[][]}} face
   * @returns {Promise<{points: number[][], score: number}>} how surely there
   *     is a face, from 0 to 1.
   */
  async find(picture, { corners: [left, top, right, bottom], points }) {
    const side = Math.max(1, REACH * Math.max(right - left, bottom - top));
    const turn = degrees(points[0], points[1]);
    let view = new PictureView((left + right) / 2, (top + bottom) / 2, side, turn);
    let last, seen;
    for (let look = 0; look < MAX_LOOKS; look++) {
      seen = await this.#look(view.cut(picture, this.size));
      last = view;
      view = this.#viewOf(seen.mesh, view);
      if (isNear(last, view)) break;
    }
    const five = fiveOf(seen.mesh);
    return {
      points: five.map((point) => last.toPicture(point, this.size)),
      score: seen.score,
    };
  }

  /** The mesh, in pixels of the view, and how surely there is a face. */
  async #look(pixels) {
    const values = Float32Array.from(pixels, (value) => value / 255);
    const outputs = await this.model.run(values);
    const numbers = outputs[this.points];
    const mesh = Array.from({ length: NUM_POINTS }, (_, index) => [
      numbers[3 * index],
      numbers[3 * index + 1],
    ]);
    const logit = outputs[this.score][0];
    const isSane = (value) => Math.abs(value) < FARTHEST * this.size;
    if (!mesh.flat().every(isSane) || !Number.isFinite(logit)) {
      return { mesh: mesh.map(() => [0, 0]), score: 0 };
    }
    const score = 1 / (1 + Math.exp(-Math.min(Math.max(logit, -100), 100)));
    return { mesh, score };
  }

  /** The view that the face is in the middle of, upright and whole. */
  #viewOf(mesh, view) {
    const [leftEye, rightEye] = fiveOf(mesh);
    const turn = degrees(leftEye, rightEye);
    // Its box, along the line of the eyes.
    const [c, s] = [Math.cos((turn * Math.PI) / 180), Math.sin((turn * Math.PI) / 180)];
    const us = mesh.map(([x, y]) => c * x + s * y);
    const vs = mesh.map(([x, y]) => c * y - s * x);
    const [lowU, highU] = [Math.min(...us), Math.max(...us)];
    const [lowV, highV] = [Math.min(...vs), Math.max(...vs)];
    const [u, v] = [(lowU + highU) / 2, (lowV + highV) / 2];
    const middle = [c * u - s * v, s * u + c * v];
    const [x, y] = view.toPicture(middle, this.size);
    const extent = Math.max(highU - lowU, highV - lowV);
    const side = (REACH * extent * view.side) / this.size;
    return new PictureView(x, y, Math.max(1, side), view.degrees + turn);
  }
}

function fiveOf(mesh) {
  return FIVE.map((group) =>
    [0, 1].map(
      (axis) =>
        group.reduce((sum, index) => sum + mesh[index][axis], 0) / group.length,
    ),
  );
}

function degrees(leftEye, rightEye) {
  const radians = Math.atan2(rightEye[1] - leftEye[1], rightEye[0] - leftEye[0]);
  return (radians * 180) / Math.PI;
}

/** Whether a face lies in a view about as it should. */
function isNear(view, better) {
  const move = Math.hypot(better.x - view.x, better.y - view.y) / view.side;
  const scale = Math.abs(Math.log(better.side / view.side));
  const difference = better.degrees - view.degrees + 180;
  const turn = Math.abs(difference - 360 * Math.floor(difference / 360) - 180);
  return move < MAX_MOVE && scale < MAX_SCALE && turn < MAX_TURN;
}
