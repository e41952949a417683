/** Faces in photographs: `ks.edge.FaceDetector` in a page. */

import { keepSure, suppress } from "./box_suppression.js";
import { mostProminentFirst, prominence } from "./face_choice.js";
import { PictureView } from "./picture_view.js";
import { isWhole, planLevels } from "./view_plan.js";

const MIN_SCORE = 0.5;
const MIN_FACE = 0.05; // of the picture's longer side
// Tried in a picture without an upright face.
const TURNS = [90, -90, 180, 45, -45, 135, -135];
// How prominent a face must be, beside the largest that may have been missed,
// to end the search.
const CERTAIN = 0.5;

export class FaceDetector {
  /**
   * @param {object} network - a `BlazeFaceNetwork`, or another with its
   *     `size`, `smallest` and `find`.
   * @param {object} secondLook - a `SecondLook`, or another with its `look`.
   */
  constructor(network, secondLook) {
    this.network = network;
    this.secondLook = secondLook;
  }

  /**
   * The face that a photograph is of.
   *
   * @param {{width: number, height: number, pixels: Uint8Array}} picture - RGB,
   *     rows first.
   * @returns {Promise<{corners: number[], points: number[][], score: number} |
   *     null>} its box, its five points as `alignFace` takes them, and how sure
   *     the network is; `null` if there is none.
   */
  async findOne(picture) {
    let found = [];
    for (const { side, views } of this.#levels(picture)) {
      for (const view of views) {
        const boxes = await this.#find(picture, view);
        const { size } = this.network;
        found.push(
          ...boxes
            .filter(({ corners }) => isWhole(corners, view, size, picture))
            .map((box) => toPicture(box, view, size)),
        );
      }
      const faces = suppress(keepSure(found, MIN_SCORE));
      // Faces smaller than this are not looked for yet.
      const unseen = this.network.smallest * side * CERTAIN;
      const best = await this.#mostProminent(faces, picture, unseen);
      if (best) return best;
    }
    const faces = suppress(keepSure(found, MIN_SCORE));
    return (
      (await this.#mostProminent(faces, picture, 0)) ??
      this.#mostProminent(await this.#lookTurned(picture), picture, 0)
    );
  }

  #levels(picture) {
    return planLevels(picture, this.network.smallest, MIN_FACE);
  }

  async #find(picture, view) {
    const pixels = view.cut(picture, this.network.size);
    const boxes = await this.network.find(pixels, MIN_SCORE);
    return suppress(keepSure(boxes, MIN_SCORE));
  }

  /** The first face by prominence that a close look confirms. */
  async #mostProminent(faces, picture, atLeast) {
    for (const face of mostProminentFirst(faces, picture)) {
      if (prominence(face, picture) < atLeast) return null;
      const points = await this.secondLook.look(picture, face);
      if (points) return { ...face, points };
    }
    return null;
  }

  /** What is in the turned picture, at the turn of the surest face. */
  async #lookTurned(picture) {
    let best = [];
    for (const degrees of TURNS) {
      const view = PictureView.whole(picture, degrees);
      const boxes = await this.#find(picture, view);
      const here = boxes.map((box) => toPicture(box, view, this.network.size));
      if ((here[0]?.score ?? 0) > (best[0]?.score ?? 0)) best = here;
    }
    return best;
  }
}

/** A box of a view in the picture; an upright one around a turned one. */
function toPicture({ corners, points, score }, view, size) {
  const [left, top, right, bottom] = corners;
  const middle = [(left + right) / 2, (top + bottom) / 2];
  const [x, y] = view.toPicture(middle, size);
  const scale = view.side / size / 2;
  let [width, height] = [scale * (right - left), scale * (bottom - top)];
  // A quarter turn exchanges width and height.
  if (isQuarterTurn(view.degrees)) [width, height] = [height, width];
  return {
    corners: [x - width, y - height, x + width, y + height],
    points: points.map((point) => view.toPicture(point, size)),
    score,
  };
}

/** Whether a turn is nearer to a quarter than to none or a half. */
function isQuarterTurn(degrees) {
  const quarters = Math.abs(degrees) / 90;
  const low = Math.floor(quarters);
  const isHalf = quarters - low === 0.5;
  const rounded = isHalf ? low + (low % 2) : Math.round(quarters);
  return rounded % 2 === 1;
}
