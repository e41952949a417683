/** Which threshold decides: the rules of `ks.contract` in JavaScript. */

/** Pairs of different people that a rate must rest on to be steady. */
export const STEADY_PAIRS = 30;

const isKnown = (value) => value !== null && value !== undefined;

/**
 * How many pairs of different people a threshold rests on.
 *
 * @param {object} point - an operating point of the manifest.
 * @returns {number | null} `null` where it is not known.
 */
export function impostorsAbove({ far, impostor_pairs: pairs }) {
  return isKnown(pairs) ? Math.floor(far * pairs * (1 + 1e-9)) : null;
}

/** Whether a threshold rests on enough pairs. */
export function isSteady(point) {
  return (impostorsAbove(point) ?? 0) >= STEADY_PAIRS;
}

/** Operating points, the strictest first: the lowest false accept rate. */
export function strictestFirst(points) {
  return points.toSorted((a, b) => a.far - b.far);
}

/**
 * The operating point of whoever does not choose one: the strictest that is
 * steady, or, if none is, the loosest.
 *
 * @param {object[]} points
 * @returns {object | null} `null` if there are none.
 */
export function defaultPoint(points) {
  const sorted = strictestFirst(points);
  return sorted.find(isSteady) ?? sorted.at(-1) ?? null;
}

/**
 * How probable one person is, if both answers were as probable before.
 *
 * @param {number} score
 * @param {object | null | undefined} calibration - of the manifest.
 * @returns {number | null} `null` where the file has no calibration.
 */
export function probability(score, calibration) {
  if (!isKnown(calibration)) return null;
  const { slope, intercept, genuine_share: share } = calibration;
  const logOdds = slope * score + intercept - Math.log(share / (1 - share));
  return 1 / (1 + Math.exp(-logOdds));
}
