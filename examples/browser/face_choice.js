/** Which of several faces a picture is of. */

// So far from the middle, in diagonals, a face counts as half as large.
const HALF_WAY = 0.2;

/**
 * How much a face is what its picture is of: `ks.edge.detected_face.prominence`.
 *
 * @param {{corners: number[]}} face
 * @param {{width: number, height: number}} picture
 */
export function prominence({ corners }, { width, height }) {
  const [left, top, right, bottom] = corners;
  const side = Math.sqrt(Math.max(0, (right - left) * (bottom - top)));
  const x = (left + right - width) / 2;
  const y = (top + bottom - height) / 2;
  const distance = Math.hypot(x, y) / Math.hypot(width, height);
  return side / (1 + (distance / HALF_WAY) ** 2);
}

/** Faces, the most prominent first. */
export function mostProminentFirst(faces, picture) {
  return faces.toSorted(
    (a, b) => prominence(b, picture) - prominence(a, picture),
  );
}
