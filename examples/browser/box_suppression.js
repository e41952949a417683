/** Many boxes around one face into one: `ks.edge.box_suppression`. */

const MAX_BOXES = 1024;
const FARTHEST = 1e6; // pixels; farther out nothing can be meant
const MIN_OVERLAP = 0.3;

/** Boxes of a score, with an area and of sane numbers, the surest first. */
export function keepSure(boxes, minScore) {
  const isSane = (value) => Math.abs(value) < FARTHEST;
  return boxes
    .filter(
      ({ corners: [left, top, right, bottom], points, score }) =>
        score >= minScore &&
        right > left &&
        bottom > top &&
        [left, top, right, bottom, ...points.flat()].every(isSane),
    )
    .sort((a, b) => b.score - a.score)
    .slice(0, MAX_BOXES);
}

/**
 * Weighted non-maximum suppression.
 *
 * The surest box and all that overlap with it are one face: their mean, weighted
 * by score, with the highest score.
 *
 * @param {object[]} boxes - the surest first.
 * @returns {object[]} one per face, the surest first.
 */
export function suppress(boxes) {
  const found = [];
  while (boxes.length) {
    const [surest] = boxes;
    const isSame = (box) =>
      box === surest || overlap(surest.corners, box.corners) > MIN_OVERLAP;
    found.push(meanOf(boxes.filter(isSame)));
    boxes = boxes.filter((box) => !isSame(box));
  }
  return found;
}

function meanOf(boxes) {
  const total = boxes.reduce((sum, box) => sum + box.score, 0);
  const mean = (valueOf) =>
    boxes.reduce((sum, box) => sum + (box.score / total) * valueOf(box), 0);
  const [{ corners, points, score }] = boxes;
  return {
    corners: corners.map((_, index) => mean((box) => box.corners[index])),
    points: points.map((point, index) =>
      point.map((_, axis) => mean((box) => box.points[index][axis])),
    ),
    score,
  };
}

/** Intersection over union of two boxes. */
function overlap(a, b) {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  const shared = Math.max(width, 0) * Math.max(height, 0);
  const area = (box) => (box[2] - box[0]) * (box[3] - box[1]);
  return shared / (area(a) + area(b) - shared);
}
