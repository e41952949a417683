/** A gallery in a file, as `ks.edge.Gallery` saves and loads it. */

const MAGIC = "SFGALRY\n";
const FORMAT_VERSION = 1;
const KEYS = "format_version,model,names,num_crops";
const DIGEST_SIZE = 32;
const NORM_TOLERANCE = 1e-4;

/** A gallery file that is damaged or of another version. */
export class GalleryError extends Error {}

/**
 * Reads a gallery file.
 *
 * @param {Uint8Array} content
 * @returns {Promise<{model: object, names: string[], owners: Int32Array,
 *     embeddings: Float32Array}>} whose model it is of, everybody's name, and
 *     per crop a position in the names and `model.embedding_dim` numbers.
 */
export async function readGallery(content) {
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  const magic = new TextDecoder("latin1").decode(content.subarray(0, 8));
  if (magic !== MAGIC) throw new GalleryError("This is not a gallery file.");
  const { header, end } = readHeader(view, content);
  const { model, names, num_crops: numCrops } = header;
  const size = end + 4 * numCrops * (1 + model.embedding_dim) + DIGEST_SIZE;
  if (content.length !== size) {
    throw new GalleryError(
      `The gallery file is damaged or cut off: it has ${content.length} bytes ` +
        `and should have ${size}.`,
    );
  }
  const digest = await sha256(content.subarray(0, size - DIGEST_SIZE));
  if (digest.some((byte, index) => byte !== content[size - DIGEST_SIZE + index])) {
    throw new GalleryError(
      "The gallery file is damaged: its checksum differs; or it was sealed " +
        "with a key, which this page does not take.",
    );
  }
  const owners = Int32Array.from({ length: numCrops }, (_, index) =>
    view.getInt32(end + 4 * index, true),
  );
  const start = end + 4 * numCrops;
  const embeddings = Float32Array.from(
    { length: numCrops * model.embedding_dim },
    (_, index) => view.getFloat32(start + 4 * index, true),
  );
  checkRows(names, owners, embeddings, model.embedding_dim);
  return { model, names, owners, embeddings };
}

function readHeader(view, content) {
  let header;
  const length = content.length >= 16 ? Number(view.getBigUint64(8, true)) : NaN;
  const end = 16 + length;
  try {
    if (!(end <= content.length)) throw new Error("it ends in its header");
    const text = new TextDecoder("utf-8", { fatal: true });
    header = JSON.parse(text.decode(content.subarray(16, end)));
  } catch (error) {
    throw new GalleryError(
      `The gallery file is damaged or cut off in its header (${error.message}).`,
    );
  }
  const version = header?.format_version;
  if (version !== FORMAT_VERSION) {
    throw new GalleryError(
      `The gallery's \`format_version\` must be ${FORMAT_VERSION}, float32 ` +
        `embeddings, and is ${JSON.stringify(version)}; load and save it in ` +
        "Python with float32.",
    );
  }
  const { model, names, num_crops: numCrops } = header;
  const isName = (name) => typeof name === "string" && name;
  if (
    Object.keys(header).sort().join() !== KEYS ||
    !Number.isInteger(numCrops) ||
    numCrops < 0 ||
    !Array.isArray(names) ||
    !names.every(isName) ||
    new Set(names).size !== names.length ||
    !/^[0-9a-f]{64}$/.test(model?.checksum) ||
    !(Number.isInteger(model.embedding_dim) && model.embedding_dim >= 1)
  ) {
    throw new GalleryError(
      "The gallery file is damaged, or of a kind this page does not read: its " +
        "header does not describe a gallery of float32 embeddings.",
    );
  }
  return { header, end };
}

function checkRows(names, owners, embeddings, dim) {
  if (owners.some((owner) => owner < 0 || owner >= names.length)) {
    throw new GalleryError("The gallery file is damaged: a crop belongs to nobody.");
  }
  if (new Set(owners).size !== names.length) {
    throw new GalleryError("The gallery file is damaged: somebody has no crop.");
  }
  for (let crop = 0; crop < owners.length; crop++) {
    const row = embeddings.subarray(crop * dim, (crop + 1) * dim);
    const square = row.reduce((sum, value) => sum + value * value, 0);
    // A NaN is not near anything.
    if (!(Math.abs(square - 1) < 2 * NORM_TOLERANCE)) {
      throw new GalleryError(
        "Every embedding of a gallery must be finite and of norm 1, and that " +
          `of crop ${crop}, of ${names[owners[crop]]}, is not.`,
      );
    }
  }
}

/**
 * The bytes of a gallery file.
 *
 * @param {object} gallery - as `readGallery` gives it.
 * @returns {Promise<Uint8Array>}
 */
export async function writeGallery({ model, names, owners, embeddings }) {
  const text = new TextEncoder().encode(
    JSON.stringify({
      format_version: FORMAT_VERSION,
      model,
      num_crops: owners.length,
      names,
    }),
  );
  const end = 16 + text.length;
  const start = end + 4 * owners.length;
  const body = new Uint8Array(start + 4 * embeddings.length);
  const view = new DataView(body.buffer);
  body.set(new TextEncoder().encode(MAGIC));
  view.setBigUint64(8, BigInt(text.length), true);
  body.set(text, 16);
  owners.forEach((owner, index) => view.setInt32(end + 4 * index, owner, true));
  embeddings.forEach((value, index) =>
    view.setFloat32(start + 4 * index, value, true),
  );
  const content = new Uint8Array(body.length + DIGEST_SIZE);
  content.set(body);
  content.set(await sha256(body), body.length);
  return content;
}

async function sha256(content) {
  if (!crypto.subtle) {
    throw new GalleryError(
      "A browser checks galleries on https and on localhost only.",
    );
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", content));
}
