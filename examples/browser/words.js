/** Numbers of a manifest in words. */

import { impostorsAbove, isSteady, STEADY_PAIRS } from "./operating_points.js";

/** Rates as people say them: "1 in 1,000". */
export function oneIn(rate) {
  return `1 in ${Math.round(1 / rate).toLocaleString("en")}`;
}

/** A rate in percent, with two digits: "0.10 %". */
function percent(rate) {
  const value = 100 * rate;
  if (value >= 10) return `${value.toFixed(1)} %`;
  return `${value.toPrecision(2)} %`;
}

/** What an operating point means, and how it was measured. */
export function describePoint(point) {
  const { far, far_interval: interval, tar, impostor_pairs: pairs } = point;
  const isKnown = (value) => value !== null && value !== undefined;
  let measured =
    `At this threshold, ${oneIn(far)} pairs of different people pass for ` +
    "one person";
  if (isKnown(interval)) {
    const [low, high] = interval.map(percent);
    measured += ` (95 % interval ${low} to ${high})`;
  }
  if (isKnown(tar)) {
    measured += `, and ${percent(tar)} of pairs of one person are recognized`;
  }
  measured += ".";
  if (point.data) measured += ` Measured on ${point.data}.`;
  if (isKnown(pairs)) {
    const behind = impostorsAbove(point);
    const count = pairs.toLocaleString("en");
    measured += ` It rests on ${behind} of ${count} pairs of different people`;
  } else {
    measured += " On how many pairs of different people it rests is not known";
  }
  measured += isSteady(point)
    ? "."
    : `; ${STEADY_PAIRS} or more would make it steady.`;
  const flip = point.flip
    ? "Each face is embedded together with its mirror image"
    : "Faces are embedded without their mirror images";
  return { measured, flip: `${flip}, as in this measurement.` };
}

/** What stands below the verdict. */
export function describeAnswer({ same, probability }, point) {
  const side = same ? "at least" : "below";
  let text = `The score is ${side} the threshold ${point.threshold.toFixed(4)}`;
  if (probability !== null) {
    text += `; one person with probability ${probability.toFixed(3)} at even odds`;
  }
  text += ".";
  return isSteady(point) ? text : `${text} This threshold is UNSTEADY.`;
}

/**
 * Who a face may be.
 *
 * @param {{name: string, score: number}} best - the most similar person.
 * @param {object | null} point - the operating point that decides.
 * @param {number} comparisons - how many the best is the best of.
 */
export function describeIdentity(best, point, comparisons) {
  const score = best.score.toFixed(4).replace("-", "−");
  if (!point) return `Most like ${best.name}, score ${score}.`;
  const threshold = point.threshold.toFixed(4).replace("-", "−");
  const isKnown = best.score >= point.threshold;
  // As if comparisons were independent.
  const alarm = percent(1 - (1 - point.far) ** comparisons);
  const text = isKnown
    ? `Score ${score}, at least the threshold ${threshold}.`
    : `Most like ${best.name}, whose score ${score} is below the threshold ` +
      `${threshold}.`;
  const strangers = ` A stranger gets some name in ${alarm} of cases.`;
  return text + strangers + (isSteady(point) ? "" : " The threshold is UNSTEADY.");
}

/** A model in one line. */
export function describeModel({ manifest, dtype }, bytes) {
  const { input, quantization, embedding_dim: size } = manifest;
  return [
    `${(bytes / 1e6).toFixed(1)} MB`,
    quantization,
    `${dtype} pixels, ${input.width} × ${input.height}`,
    `${size} dimensions`,
  ].join(" · ");
}
