/** Turning a face upright: five landmarks onto the template of the model. */

/** What to mark, left and right as seen in the picture. */
export const LANDMARKS = [
  "left eye",
  "right eye",
  "nose",
  "left corner of the mouth",
  "right corner of the mouth",
];

/**
 * Cuts the upright face out of a picture, as `ks.contract.align_face` does.
 *
 * Bilinear, pixel centers at whole numbers, black outside the picture.
 *
 * @param {{width: number, height: number, pixels: Uint8Array}} picture - RGB,
 *     rows first.
 * @param {number[][]} landmarks - x and y in pixels, in the order of
 *     `LANDMARKS`.
 * @param {number[][]} template - where they belong, from the manifest.
 * @param {{width: number, height: number}} size - of the crop.
 * @returns {{width: number, height: number, pixels: Uint8Array}}
 */
export function alignFace(picture, landmarks, template, { width, height }) {
  const fit = similarity(landmarks, template);
  const mirrored = landmarks.map(([x, y]) => [-x, y]);
  if (!(fit.square > 0.5 * similarity(mirrored, template).square)) {
    throw new Error(
      "The landmarks do not resemble a face; they fit better with left and " +
        "right swapped.",
    );
  }
  const { a, b, square, from, to } = fit;
  const pixels = new Uint8Array(height * width * 3);
  for (let row = 0, index = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [u, v] = [column - to[0], row - to[1]];
      const x = (a * u + b * v) / square + from[0];
      const y = (a * v - b * u) / square + from[1];
      for (let channel = 0; channel < 3; channel++) {
        pixels[index++] = roundToEven(sample(picture, x, y, channel));
      }
    }
  }
  return { width, height, pixels };
}

/**
 * The least-squares similarity `(x, y) -> (a x - b y, b x + a y)` around the
 * means `from` and `to` of the points; `square` is its squared scale.
 */
export function similarity(points, targets) {
  const from = mean(points);
  const to = mean(targets);
  let [a, b, spread] = [0, 0, 0];
  points.forEach((point, index) => {
    const [x, y] = [point[0] - from[0], point[1] - from[1]];
    const [u, v] = [targets[index][0] - to[0], targets[index][1] - to[1]];
    a += x * u + y * v;
    b += x * v - y * u;
    spread += x * x + y * y;
  });
  a /= spread;
  b /= spread;
  return { a, b, square: a * a + b * b, from, to };
}

function mean(points) {
  const sum = points.reduce(([x, y], point) => [x + point[0], y + point[1]]);
  return sum.map((value) => value / points.length);
}

function sample({ width, height, pixels }, x, y, channel) {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [right, bottom] = [x - left, y - top];
  const at = (column, row) =>
    column < 0 || row < 0 || column >= width || row >= height
      ? 0
      : pixels[3 * (row * width + column) + channel];
  const upper = (1 - right) * at(left, top) + right * at(left + 1, top);
  const lower = (1 - right) * at(left, top + 1) + right * at(left + 1, top + 1);
  return (1 - bottom) * upper + bottom * lower;
}

function roundToEven(value) {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 ? rounded - 1 : rounded;
}
