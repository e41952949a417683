/** Five points of a face, of a template and of detectors that have six. */

/**
 * Left eye, right eye, nose, left and right corner of the mouth in a crop of the
 * usual size: `ks.contract.FIVE_POINT_TEMPLATE`. A model's own template is in
 * its manifest; this one says where detectors look.
 */
export const TEMPLATE = [
  [38.2946, 51.6963],
  [73.5318, 51.5014],
  [56.0252, 71.7366],
  [41.5493, 92.3655],
  [70.7299, 92.2041],
].map((point) => point.map(Math.fround));

// Where detectors of six points have eyes, tip of the nose and middle of the
// mouth in that crop, on average.
const MEAN_POINTS = [
  [37.5, 53.5],
  [73.5, 53.5],
  [55.5, 76.5],
  [55.5, 92.5],
];
const MIDDLE = [0, 1].map(
  (axis) => MEAN_POINTS.reduce((sum, point) => sum + point[axis], 0) / 4,
);
const SPREAD = MEAN_POINTS.reduce(
  (sum, [x, y]) => sum + (x - MIDDLE[0]) ** 2 + (y - MIDDLE[1]) ** 2,
  0,
);
const PARTNERS = [0, 1, 2, 3, 3];

/**
 * The five points of `TEMPLATE` from those of a network of the BlazeFace kind:
 * `ks.edge.blazeface.five_of_six_points`.
 *
 * Each is moved by the mean difference, in the size and direction of the face.
 *
 * @param {number[][]} points - left eye, right eye, tip of the nose, middle of
 *     the mouth, and ears, which are not used.
 * @returns {number[][]}
 */
export function fiveOfSixPoints(points) {
  const four = points.slice(0, 4);
  const mean = [0, 1].map(
    (axis) => four.reduce((sum, point) => sum + point[axis], 0) / 4,
  );
  // The similarity (u, v) -> (a u - b v, b u + a v) from the means to the face.
  let [a, b] = [0, 0];
  four.forEach(([x, y], index) => {
    const u = MEAN_POINTS[index][0] - MIDDLE[0];
    const v = MEAN_POINTS[index][1] - MIDDLE[1];
    a += ((x - mean[0]) * u + (y - mean[1]) * v) / SPREAD;
    b += ((y - mean[1]) * u - (x - mean[0]) * v) / SPREAD;
  });
  return TEMPLATE.map(([templateX, templateY], index) => {
    const partner = PARTNERS[index];
    const u = templateX - MEAN_POINTS[partner][0];
    const v = templateY - MEAN_POINTS[partner][1];
    const [x, y] = four[partner];
    return [x + a * u - b * v, y + b * u + a * v];
  });
}
