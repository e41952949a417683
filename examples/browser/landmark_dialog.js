/** Asks where the landmarks of a face are. */

import { LANDMARKS } from "./align.js";

const LONGEST_SIDE = 1600; // of the canvas; larger pictures are shown smaller

/**
 * Lets the user click five landmarks in a picture.
 *
 * @param {ImageBitmap} bitmap
 * @returns {Promise<number[][] | null>} x and y in pixels of the picture,
 *     centers of pixels at whole numbers; `null` if the user gave up.
 */
export function askForLandmarks(bitmap) {
  const dialog = document.getElementById("landmarks");
  const canvas = dialog.querySelector("canvas");
  const back = dialog.querySelector("[value=back]");
  const scale = Math.min(
    1,
    LONGEST_SIDE / Math.max(bitmap.width, bitmap.height),
  );
  canvas.width = Math.round(scale * bitmap.width);
  canvas.height = Math.round(scale * bitmap.height);
  const places = []; // In shares of the picture's width and height.

  function draw() {
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const shown = canvas.width / canvas.clientWidth; // Canvas pixels per CSS's.
    for (const [x, y] of places) {
      context.beginPath();
      context.arc(x * canvas.width, y * canvas.height, 4 * shown, 0, 7);
      context.lineWidth = 2 * shown;
      context.fillStyle = "#3f51d9";
      context.strokeStyle = "#ffffff";
      context.fill();
      context.stroke();
    }
    const next = LANDMARKS[places.length] ?? "";
    dialog.querySelector("h2").textContent = `Click the ${next}`;
    back.disabled = !places.length;
  }

  return new Promise((resolve) => {
    const listening = new AbortController();
    const listen = (target, event, callback) =>
      target.addEventListener(event, callback, { signal: listening.signal });
    listen(canvas, "click", ({ offsetX, offsetY }) => {
      places.push([
        offsetX / canvas.clientWidth,
        offsetY / canvas.clientHeight,
      ]);
      if (places.length === LANDMARKS.length) dialog.close("done");
      else draw();
    });
    listen(back, "click", () => {
      places.pop();
      draw();
    });
    listen(dialog, "close", () => {
      listening.abort();
      const { width, height } = bitmap;
      const inPixels = ([x, y]) => [x * width - 0.5, y * height - 0.5];
      resolve(dialog.returnValue === "done" ? places.map(inPixels) : null);
    });
    dialog.returnValue = "";
    dialog.showModal();
    draw();
  });
}
