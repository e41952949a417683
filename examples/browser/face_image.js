/** Pixels of an image file, as the model saw them in training. */

/** An image that cannot be decoded, or has transparent pixels. */
export class ImageError extends Error {}

/**
 * Decodes an image file, upright by its EXIF orientation.
 *
 * @param {Blob} file
 * @returns {Promise<ImageBitmap>}
 */
export async function decodeImage(file) {
  try {
    // No color management and no premultiplication: the pixels of the file.
    return await createImageBitmap(file, {
      colorSpaceConversion: "none",
      imageOrientation: "from-image",
      premultiplyAlpha: "none",
    });
  } catch {
    throw new ImageError("The file is broken or not an image this browser reads.");
  }
}

/**
 * RGB pixels of an image.
 *
 * @param {ImageBitmap} bitmap
 * @returns {{width: number, height: number, pixels: Uint8Array}}
 *     `height * width * 3` values, rows first.
 */
export function readPixels(bitmap) {
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = new Uint8Array(height * width * 3);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    if (data[from + 3] !== 255) {
      // A canvas forgets the colors behind transparent pixels.
      throw new ImageError(
        "The image has transparent pixels. Save it without transparency.",
      );
    }
    pixels[to++] = data[from];
    pixels[to++] = data[from + 1];
    pixels[to++] = data[from + 2];
  }
  return { width, height, pixels };
}

/**
 * The mirror image.
 *
 * @param {Uint8Array} pixels - `height * width * 3` values, rows first.
 * @param {number} width
 * @returns {Uint8Array}
 */
export function mirrored(pixels, width) {
  const result = new Uint8Array(pixels.length);
  for (let index = 0; index < pixels.length; index += 3) {
    const column = (index / 3) % width;
    const to = index + 3 * (width - 1 - 2 * column);
    result.set(pixels.subarray(index, index + 3), to);
  }
  return result;
}
