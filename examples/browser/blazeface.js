/** Reading what a network of the BlazeFace kind says: `ks.edge.blazeface`. */

import { fiveOfSixPoints } from "./five_points.js";

// Stride and anchors per cell of the grids of MediaPipe's networks.
const LAYOUTS = [[[4, 1]], [[8, 2], [16, 6]]];
/** Numbers per box: middle, width and height, six points. */
export const NUM_VALUES = 16;
const MAX_LOGIT = 100;

/**
 * Where the boxes of a network are counted from.
 *
 * @param {number} size - height and width of its input.
 * @param {number} numAnchors - how many boxes it gives.
 * @returns {number[][] | null} x and y in pixels of the input; `null` if no
 *     network of this kind has so many.
 */
export function anchorCenters(size, numAnchors) {
  for (const layout of LAYOUTS) {
    const centers = [];
    for (const [stride, count] of layout) {
      const cells = Math.ceil(size / stride);
      for (let cell = 0; cell < cells * cells; cell++) {
        const x = ((cell % cells) + 0.5) * (size / cells);
        const y = (Math.floor(cell / cells) + 0.5) * (size / cells);
        for (let index = 0; index < count; index++) centers.push([x, y]);
      }
    }
    if (centers.length === numAnchors) return centers;
  }
  return null;
}

/**
 * Boxes, each with five points, in pixels of the network's input.
 *
 * @param {Float32Array} regressors - `NUM_VALUES` per anchor.
 * @param {Float32Array} logits - one per anchor.
 * @param {number[][]} anchors - of `anchorCenters`.
 * @param {number} minScore - boxes of a lower score are left out.
 * @returns {{corners: number[], points: number[][], score: number}[]} corners
 *     are x and y of the upper left and of the lower right one.
 */
export function decodeBlazeFace(regressors, logits, anchors, minScore) {
  const least = Math.log(minScore / (1 - minScore));
  const boxes = [];
  anchors.forEach(([originX, originY], index) => {
    if (!(logits[index] >= least)) return;
    const start = NUM_VALUES * index;
    const values = regressors.subarray(start, start + NUM_VALUES);
    const [x, y] = [originX + values[0], originY + values[1]];
    const [halfWidth, halfHeight] = [values[2] / 2, values[3] / 2];
    const points = [];
    for (let at = 4; at < NUM_VALUES; at += 2) {
      points.push([originX + values[at], originY + values[at + 1]]);
    }
    boxes.push({
      corners: [x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight],
      points: fiveOfSixPoints(points),
      score: 1 / (1 + Math.exp(-Math.min(logits[index], MAX_LOGIT))),
    });
  });
  return boxes;
}
