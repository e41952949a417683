/** Numbers of a manifest in words. */

// The evaluation calls a rate unsteady that rests on fewer pairs.
const STEADY_PAIRS = 30;

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
    const behind = Math.floor(far * pairs + 1e-9);
    const count = pairs.toLocaleString("en");
    measured += ` It rests on ${behind} of ${count} pairs of different people`;
    measured +=
      behind < STEADY_PAIRS
        ? `; ${STEADY_PAIRS} or more would make it steady.`
        : ".";
  }
  const flip = point.flip
    ? "Each face is embedded together with its mirror image"
    : "Faces are embedded without their mirror images";
  return { measured, flip: `${flip}, as in this measurement.` };
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
