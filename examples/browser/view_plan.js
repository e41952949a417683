/** Where in a picture to look, from all of it to its smallest faces. */

import { PictureView } from "./picture_view.js";

const MAX_VIEWS = 1024;
const MARGIN = 0.02; // shares of a view that a face may pass its border by

/**
 * Views of the whole picture, of halves, of quarters and so on:
 * `ks.edge.view_plan.plan_levels`.
 *
 * @param {{width: number, height: number}} picture
 * @param {number} smallest - face that a view shows, as a share of its side.
 * @param {number} minFace - the smallest face to find, as a share of the
 *     picture's longer side.
 * @returns {{side: number, views: PictureView[]}[]}
 */
export function planLevels(picture, smallest, minFace) {
  const longest = Math.max(picture.width, picture.height);
  const levels = [{ side: longest, views: [PictureView.whole(picture)] }];
  let [side, total] = [longest, 1];
  while (smallest * side > minFace * longest * (1 + 1e-9)) {
    side = Math.max(side / 2, (minFace * longest) / smallest);
    const xs = middles(picture.width, side);
    const ys = middles(picture.height, side);
    total += xs.length * ys.length;
    if (total > MAX_VIEWS) break;
    const views = ys.flatMap((y) => xs.map((x) => new PictureView(x, y, side)));
    levels.push({ side, views });
  }
  return levels;
}

/** Middles of views along one side of the picture, half a view apart. */
function middles(length, side) {
  if (length <= side) return [(length - 1) / 2];
  const count = Math.ceil((length - side) / (side / 2)) + 1;
  const [first, last] = [side / 2, length - side / 2];
  return Array.from(
    { length: count },
    (_, index) => first + index * ((last - first) / (count - 1)) - 0.5,
  );
}

/**
 * Whether an upright view has the whole of a box, as far as the picture has.
 *
 * @param {number[]} corners - of the box, in pixels of the view.
 * @param {PictureView} view
 * @param {number} size - of the view.
 * @param {{width: number, height: number}} picture
 */
export function isWhole([left, top, right, bottom], view, size, picture) {
  const margin = MARGIN * size;
  const half = view.side / 2 + 0.5;
  const ends = (middle, length) => [
    middle - half > -0.999,
    middle + half < length - 0.001,
  ];
  const [cutsLeft, cutsRight] = ends(view.x, picture.width);
  const [cutsTop, cutsBottom] = ends(view.y, picture.height);
  return (
    (!cutsLeft || left >= -margin) &&
    (!cutsTop || top >= -margin) &&
    (!cutsRight || right <= size + margin) &&
    (!cutsBottom || bottom <= size + margin)
  );
}
