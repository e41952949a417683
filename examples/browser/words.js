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
  let measured = `At this threshold, ${oneIn(point.far)} pairs of different people pass for one person`;
  if (point.far_interval) {
    const [low, high] = point.far_interval.map(percent);
    measured += ` (95 % interval ${low} to ${high})`;
  }
  if (point.tar !== null && point.tar !== undefined) {
    measured += `, and ${percent(point.tar)} of pairs of one person are recognised`;
  }
  measured += ".";
  if (point.data) {
    const pairs = point.impostor_pairs?.toLocaleString("en");
    const count = pairs ? `, ${pairs} pairs of different people` : "";
    measured += ` Measured on ${point.data}${count}.`;
  }
  const behind = Math.floor(point.far * point.impostor_pairs + 1e-9);
  if (point.impostor_pairs && behind < STEADY_PAIRS) {
    measured += ` That is unsteady: it rests on ${behind} of them, and ${STEADY_PAIRS} would make it steady.`;
  }
  const flip = point.flip
    ? "Each face is embedded together with its mirror image, as in this measurement."
    : "Faces are embedded without their mirror images, as in this measurement.";
  return { measured, flip };
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
