/** What a model says about itself, so that the page guesses nothing. */

const MANIFEST_NAME = "keras_sphereface.manifest";
const FORMAT_VERSION = 1;

/** A manifest that is missing, damaged or of another version. */
export class ManifestError extends Error {}

/**
 * Reads the manifest of a TFLite file.
 *
 * @param {TFLiteFile} file
 * @returns {object} the manifest. Keys that are not known here are kept.
 */
export function readManifest(file) {
  const content = file.metadata(MANIFEST_NAME);
  if (content === null) {
    throw new ManifestError(
      "The TFLite file has no keras_sphereface manifest, so its input and " +
        "its thresholds are not known. ks.export.export_litert writes one.",
    );
  }
  let manifest;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(content);
    manifest = JSON.parse(text);
  } catch (error) {
    throw new ManifestError(`The manifest is no JSON (${error.message}).`);
  }
  check(manifest);
  return manifest;
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
  require(Array.isArray(points), "operating_points", "a list");
  points.forEach((point, index) => {
    const key = `operating_points.${index}`;
    require(point?.far > 0 && point.far <= 1, `${key}.far`, "in (0, 1]");
    require(Math.abs(point.threshold) <= 1, `${key}.threshold`, "in [-1, 1]");
  });
}
