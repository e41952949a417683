/** What a model says about itself, so that the page guesses nothing. */

const MANIFEST_NAME = "keras_sphereface.manifest";
const FORMAT_VERSION = 1;
const NO_CHECKSUM = "0".repeat(64);

/** A manifest that is missing, damaged or of another version. */
export class ManifestError extends Error {}

/**
 * Reads the manifest of a TFLite file.
 *
 * @param {TFLiteFile} file
 * @returns {Promise<object>} the manifest. Keys that are not known here are
 *     kept.
 */
export async function readManifest(file) {
  const content = file.metadata(MANIFEST_NAME);
  if (content === null) {
    throw new ManifestError(
      "The TFLite file has no keras_sphereface manifest, so its input and " +
        "its thresholds are not known. ks.export.export_litert writes one.",
    );
  }
  let text, manifest;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(content);
    manifest = JSON.parse(text);
  } catch (error) {
    throw new ManifestError(`The manifest is not JSON (${error.message}).`);
  }
  check(manifest);
  const { checksum = NO_CHECKSUM } = manifest;
  if (checksum !== NO_CHECKSUM && !(await isSealed(file, content, checksum))) {
    throw new ManifestError(
      "The TFLite file was damaged or changed: its checksum is another.",
    );
  }
  return manifest;
}

/**
 * Whether a file is what the exporter wrote.
 *
 * The checksum is the SHA-256 of the file with zeros in its own place.
 */
async function isSealed(file, manifest, checksum) {
  // A browser has SHA-256 on https and localhost only.
  if (!crypto.subtle) return true;
  const digits = new TextEncoder().encode(checksum);
  const isHere = (start) => digits.every((d, i) => manifest[start + i] === d);
  const start = manifest.findIndex((_, index) => isHere(index));
  const copy = file.content.slice();
  const position = manifest.byteOffset - file.content.byteOffset + start;
  copy.fill("0".charCodeAt(), position, position + digits.length);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", copy));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0"));
  return hex.join("") === checksum;
}

function check(manifest) {
  const require = (condition, key, expected) => {
    if (condition) return;
    const value = key.split(".").reduce((part, name) => part?.[name], manifest);
    throw new ManifestError(
      `The manifest is damaged: \`${key}\` must be ${expected}. ` +
        `Received: ${JSON.stringify(value)}`,
    );
  };
  const isSize = (value) => Number.isInteger(value) && value >= 1;
  const size = "a positive integer";
  require(manifest?.format_version === FORMAT_VERSION, "format_version", "1");
  const { input, operating_points: points } = manifest;
  require(isSize(input?.height), "input.height", size);
  require(isSize(input?.width), "input.width", size);
  require(input.channels === 3, "input.channels", "3");
  require(input.color_order === "RGB", "input.color_order", '"RGB"');
  const range = JSON.stringify(input.pixel_range);
  require(range === "[0,255]", "input.pixel_range", "[0, 255]");
  require(isSize(manifest.embedding_dim), "embedding_dim", size);
  require(manifest.similarity === "cosine", "similarity", '"cosine"');
  const { alignment } = manifest; // Older manifests have none.
  require(alignment === undefined ||
    isFivePoints(alignment), "alignment", "five points");
  const { calibration } = manifest; // Older manifests have none.
  const isCalibration =
    Number.isFinite(calibration?.slope) &&
    Number.isFinite(calibration.intercept) &&
    calibration.genuine_share > 0 &&
    calibration.genuine_share < 1;
  require(calibration === undefined ||
    calibration === null ||
    isCalibration, "calibration", "numbers");
  require(Array.isArray(points), "operating_points", "a list");
  points.forEach((point, index) => {
    const key = `operating_points.${index}`;
    require(point?.far > 0 && point.far <= 1, `${key}.far`, "in (0, 1]");
    require(Math.abs(point.threshold) <= 1, `${key}.threshold`, "in [-1, 1]");
  });
}

function isFivePoints(points) {
  const isPoint = (point) =>
    Array.isArray(point) && point.length === 2 && point.every(Number.isFinite);
  return Array.isArray(points) && points.length === 5 && points.every(isPoint);
}
