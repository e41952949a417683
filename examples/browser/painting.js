/** Pictures and boxes onto canvases. */

const LONGEST_SIDE = 320; // of a small photograph

/**
 * Puts pixels onto a canvas of their size.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {{width: number, height: number, pixels: Uint8Array}} picture - RGB.
 */
export function paint(context, { width, height, pixels }) {
  const image = context.createImageData(width, height);
  for (let index = 0; index < width * height; index++) {
    image.data.set(pixels.subarray(3 * index, 3 * index + 3), 4 * index);
    image.data[4 * index + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/**
 * A small photograph with a box around a face.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {ImageBitmap} bitmap
 * @param {number[]} corners - x and y of the upper left and lower right one.
 */
export function paintPhoto(canvas, bitmap, [left, top, right, bottom]) {
  const longest = Math.max(bitmap.width, bitmap.height);
  const scale = Math.min(1, LONGEST_SIDE / longest);
  canvas.width = Math.max(1, Math.round(scale * bitmap.width));
  canvas.height = Math.max(1, Math.round(scale * bitmap.height));
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  for (const [style, width] of [["#ffffff", 10], ["#3f51d9", 5]]) {
    context.strokeStyle = style;
    context.lineWidth = (width * Math.max(canvas.width, canvas.height)) / 320;
    context.strokeRect(
      scale * left,
      scale * top,
      scale * (right - left),
      scale * (bottom - top),
    );
  }
}
