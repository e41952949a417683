/** A square part of a picture, upright or turned, at any scale. */

import { similarity } from "./align.js";
import { TEMPLATE } from "./five_points.js";

const ONE = 2 ** 24;

/**
 * Where a network looks in a picture: `ks.contract.picture_view.PictureView`.
 *
 * Coordinates are those of `alignFace`: centers of pixels at whole numbers.
 */
export class PictureView {
  /**
   * @param {number} x - the middle in the picture.
   * @param {number} y
   * @param {number} side - of the square, in pixels of the picture.
   * @param {number} degrees - how far it is turned clockwise.
   */
  constructor(x, y, side, degrees = 0) {
    Object.assign(this, { x, y, side, degrees });
  }

  /** The square around a picture. */
  static whole({ width, height }, degrees = 0) {
    const side = Math.max(width, height);
    return new PictureView((width - 1) / 2, (height - 1) / 2, side, degrees);
  }

  /**
   * The view in which a face stands upright at a place of its own.
   *
   * @param {number[][]} landmarks - the five points in the picture.
   * @param {number[]} middle - x and y of the middle, in a crop in which the
   *     points are those of `TEMPLATE`.
   * @param {number} side - in pixels of that crop.
   * @returns {PictureView | null} `null` for points that are none of a face.
   */
  static around(landmarks, middle, side) {
    const { a, b, from, to } = similarity(TEMPLATE, landmarks);
    const scale = Math.hypot(a, b);
    if (!(scale >= 1e-6)) return null;
    const [u, v] = [middle[0] - from[0], middle[1] - from[1]];
    return new PictureView(
      a * u - b * v + to[0],
      b * u + a * v + to[1],
      side * scale,
      (Math.atan2(b, a) * 180) / Math.PI,
    );
  }

  /**
   * The pixels of the view.
   *
   * What is shrunk is averaged over whole pixels first, and then read by
   * bilinear interpolation; black is outside.
   *
   * @param {{width: number, height: number, pixels: Uint8Array}} picture
   * @param {number} size - rows and columns to give.
   * @returns {Uint8Array} `size * size * 3` values, RGB, rows first.
   */
  cut(picture, size) {
    const reach = (this.side / 2) * this.#reach() + 1;
    const [left, right] = span(this.x, reach, picture.width);
    const [top, bottom] = span(this.y, reach, picture.height);
    if (left >= right || top >= bottom) return new Uint8Array(3 * size * size);
    const factor = Math.max(1, roundHalfToEven(this.side / size));
    const part = shrink(picture, { left, top, right, bottom }, factor);
    const { c, s, x, y } = this.#matrix(size);
    // From here on counted from the corners of pixels of the part.
    const originX = x / factor + (0.5 - left) / factor;
    const originY = y / factor + (0.5 - top) / factor;
    return turn(part, size, c / factor, s / factor, originX, originY);
  }

  /** A point of the view, which is `size` wide, as a point of the picture. */
  toPicture([u, v], size) {
    const { c, s, x, y } = this.#matrix(size);
    return [c * u - s * v + x, s * u + c * v + y];
  }

  #reach() {
    const radians = (this.degrees * Math.PI) / 180;
    return Math.abs(Math.cos(radians)) + Math.abs(Math.sin(radians));
  }

  /** From corners of pixels in the view to centers in the picture. */
  #matrix(size) {
    const radians = (this.degrees * Math.PI) / 180;
    const c = (this.side / size) * Math.cos(radians);
    const s = (this.side / size) * Math.sin(radians);
    const half = size / 2;
    return { c, s, x: this.x - (c - s) * half, y: this.y - (s + c) * half };
  }
}

function span(middle, reach, length) {
  const low = Math.max(0, Math.floor(middle - reach));
  return [low, Math.min(length, Math.ceil(middle + reach) + 1)];
}

function roundHalfToEven(value) {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 ? low + 1 : low;
}

/**
 * Means over squares of pixels; those at the ends may be smaller.
 *
 * In whole numbers and 24 bits behind the point, as Pillow computes them.
 */
function shrink({ width, pixels }, { left, top, right, bottom }, factor) {
  const columns = Math.ceil((right - left) / factor);
  const rows = Math.ceil((bottom - top) / factor);
  const means = new Uint8Array(3 * columns * rows);
  for (let row = 0, to = 0; row < rows; row++) {
    const start = top + row * factor;
    const end = Math.min(bottom, start + factor);
    for (let column = 0; column < columns; column++, to += 3) {
      const first = left + column * factor;
      const last = Math.min(right, first + factor);
      const count = (end - start) * (last - first);
      let [red, green, blue] = [count >> 1, count >> 1, count >> 1];
      for (let y = start; y < end; y++) {
        let index = 3 * (y * width + first);
        for (let x = first; x < last; x++) {
          red += pixels[index++];
          green += pixels[index++];
          blue += pixels[index++];
        }
      }
      const share = Math.floor(ONE / count);
      means[to] = Math.floor((red * share) / ONE);
      means[to + 1] = Math.floor((green * share) / ONE);
      means[to + 2] = Math.floor((blue * share) / ONE);
    }
  }
  return { width: columns, height: rows, pixels: means };
}

/** Reads a turned square, bilinear between the centers of pixels. */
function turn({ width, height, pixels }, size, c, s, originX, originY) {
  const square = new Uint8Array(3 * size * size);
  for (let row = 0, to = 0; row < size; row++) {
    for (let column = 0; column < size; column++, to += 3) {
      const [u, v] = [column + 0.5, row + 0.5];
      const x = c * u - s * v + originX;
      const y = s * u + c * v + originY;
      if (x < 0 || y < 0 || x >= width || y >= height) continue;
      const [left, top] = [Math.floor(x - 0.5), Math.floor(y - 0.5)];
      const [right, bottom] = [x - 0.5 - left, y - 0.5 - top];
      // The outermost pixels reach to the border.
      const [x0, x1] = [Math.max(left, 0), Math.min(left + 1, width - 1)];
      const [y0, y1] = [Math.max(top, 0), Math.min(top + 1, height - 1)];
      for (let channel = 0; channel < 3; channel++) {
        const at = (i, j) => pixels[3 * (j * width + i) + channel];
        // In this form, for a fraction is cut off, and another rounds otherwise.
        const upper = at(x0, y0) + (at(x1, y0) - at(x0, y0)) * right;
        const lower = at(x0, y1) + (at(x1, y1) - at(x0, y1)) * right;
        square[to + channel] = upper + (lower - upper) * bottom;
      }
    }
  }
  return square;
}
