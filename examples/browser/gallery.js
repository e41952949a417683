/** The people that the page knows: `ks.edge.Gallery` in a page. */

import { GalleryError, readGallery, writeGallery } from "./gallery_file.js";

/**
 * The file that makes embeddings, and how it is used: `ks.edge.ModelIdentity`.
 *
 * @param {object} manifest
 * @param {{flip: boolean}} options - whether mirror images are embedded too.
 */
export function modelIdentity(manifest, { flip }) {
  const { model_checksum: before, checksum } = manifest;
  return {
    checksum: before ?? checksum ?? "0".repeat(64),
    embedding_dim: manifest.embedding_dim,
    flip,
    quantization: manifest.quantization,
    package_version: manifest.package_version,
  };
}

export class Gallery {
  /** @param {object} model - of `modelIdentity`. */
  constructor(model) {
    this.model = model;
    this.crops = new Map(); // From names to lists of embeddings.
  }

  /**
   * Reads a file that Python or the page saved.
   *
   * @param {Uint8Array} content
   * @returns {Promise<Gallery>}
   */
  static async load(content) {
    const { model, names, owners, embeddings } = await readGallery(content);
    const gallery = new Gallery(model);
    names.forEach((name) => gallery.crops.set(name, []));
    const dim = model.embedding_dim;
    owners.forEach((owner, crop) => {
      const row = embeddings.subarray(crop * dim, (crop + 1) * dim);
      gallery.crops.get(names[owner]).push(row);
    });
    return gallery;
  }

  get numPeople() {
    return this.crops.size;
  }

  get numCrops() {
    return [...this.crops.values()].reduce((sum, rows) => sum + rows.length, 0);
  }

  /** Throws unless the gallery belongs to this model. */
  checkModel(model) {
    const keys = Object.keys(model);
    if (keys.every((key) => model[key] === this.model[key])) return;
    const words = ({ checksum, quantization, embedding_dim: size, flip }) =>
      `${quantization} ${checksum.slice(0, 12)}, ${size} dimensions` +
      `${flip ? " with mirror images" : ""}`;
    throw new GalleryError(
      "The gallery belongs to another model, whose embeddings cannot be " +
        `compared: enrolled with ${words(this.model)}, and this one is ` +
        `${words(model)}.`,
    );
  }

  /**
   * Adds a face of somebody, who may be there already.
   *
   * @param {string} name
   * @param {Float64Array} embedding - of norm 1.
   */
  enrol(name, embedding) {
    if (!name) throw new GalleryError("A name is needed.");
    const rows = this.crops.get(name) ?? [];
    this.crops.set(name, [...rows, Float32Array.from(embedding)]);
  }

  /** Erases somebody with all their faces. */
  remove(name) {
    this.crops.delete(name);
  }

  /**
   * Finds who is most like a face: by the best of everybody's crops.
   *
   * @param {Float64Array} embedding - of norm 1.
   * @returns {{name: string, score: number}[]} everybody, the best first.
   */
  search(embedding) {
    const cosine = (row) =>
      row.reduce((sum, value, index) => sum + value * embedding[index], 0);
    return [...this.crops]
      .map(([name, rows]) => ({ name, score: Math.max(...rows.map(cosine)) }))
      .sort((a, b) => b.score - a.score);
  }

  /** The bytes of a file that Python and the page load. */
  save() {
    const names = [...this.crops.keys()];
    const rows = [...this.crops.values()];
    const owners = Int32Array.from(rows.flatMap((of, index) => of.map(() => index)));
    const dim = this.model.embedding_dim;
    const embeddings = new Float32Array(owners.length * dim);
    rows.flat().forEach((row, crop) => embeddings.set(row, crop * dim));
    return writeGallery({ model: this.model, names, owners, embeddings });
  }
}
