/** One of the two faces on the page. */

import { alignFace } from "./align.js";
import { decodeImage, readPixels } from "./face_image.js";
import { listenForFile } from "./file_drop.js";
import { askForLandmarks } from "./landmark_dialog.js";

export class FaceSlot {
  /**
   * @param {HTMLElement} card - is filled from `#face-template`.
   * @param {string} name - "First face".
   * @param {() => void} onChange - called when `pixels` or `problem` change.
   */
  constructor(card, name, onChange) {
    const template = document.getElementById("face-template");
    card.append(template.content.cloneNode(true));
    this.card = card;
    this.name = name;
    this.onChange = onChange;
    this.canvas = card.querySelector("canvas");
    this.button = card.querySelector("button");
    this.size = null; // {width, height} that the model wants.
    this.template = null; // Where it wants the landmarks, if it says so.
    this.bitmap = null;
    this.newest = 0;
    this.clear();
    listenForFile(card, (file) => this.read(file));
    this.button.addEventListener("click", () => this.mark());
    this.write(name, "");
  }

  /** What the slot asks for. */
  get wish() {
    if (!this.size) return "";
    const { width, height } = this.size;
    const aligned = `Aligned faces of ${width} × ${height} pixels`;
    return this.template
      ? `${aligned}, or photographs in which you mark the face.`
      : `${aligned}.`;
  }

  /** Takes what the model wants from its manifest. */
  setModel({ input: { height, width }, alignment }) {
    this.size = { height, width };
    this.template = alignment ?? null;
    if (this.bitmap) this.update();
    else this.write(this.name, `${width} × ${height} pixels`);
  }

  clear() {
    this.pixels = null; // Uint8Array once there is a usable face.
    this.problem = null; // {state, title, remedy} of an unusable file.
    this.button.hidden = true;
  }

  async read(file) {
    const turn = ++this.newest;
    this.fileName = file.name;
    let bitmap = null;
    let failure = null;
    try {
      bitmap = await decodeImage(file);
    } catch (error) {
      failure = error;
    }
    if (turn !== this.newest) return;
    this.bitmap = bitmap;
    if (bitmap) this.update();
    else this.fail("error", "cannot be read", failure.message);
    this.onChange();
  }

  async mark() {
    const { bitmap } = this;
    const landmarks = await askForLandmarks(bitmap);
    if (landmarks && bitmap === this.bitmap) {
      this.update(landmarks);
      this.onChange();
    }
  }

  update(landmarks = null) {
    this.clear();
    const { bitmap, size } = this;
    this.preview(bitmap, (context) => context.drawImage(bitmap, 0, 0));
    const found = `${bitmap.width} × ${bitmap.height} pixels`;
    if (!size) return this.write(this.fileName, found);
    const fits = bitmap.width === size.width && bitmap.height === size.height;
    if (!fits && !landmarks) return this.failSize(found);
    try {
      const picture = readPixels(bitmap);
      const face = fits
        ? picture
        : alignFace(picture, landmarks, this.template, size);
      this.pixels = face.pixels;
      this.preview(face, (context) => paint(context, face));
      this.write(this.fileName, fits ? found : `Aligned, from ${found}`);
    } catch (error) {
      this.fail("error", "cannot be used", error.message);
    }
    this.button.hidden = fits;
  }

  failSize(found) {
    const { width, height } = this.size;
    this.fail(
      "wrong-size",
      "has the wrong size",
      `${found}; the model wants an aligned face of ${width} × ${height}.`,
      this.template
        ? "Mark the face in it, or choose an aligned one."
        : "Choose an aligned one. ks.contract.align_face makes one in Python; " +
            "this model does not say where it wants the landmarks.",
    );
    this.button.hidden = !this.template;
  }

  fail(state, fault, note, remedy = note) {
    this.clear();
    const title = `The ${this.name.toLowerCase()} ${fault}`;
    this.problem = { state, title, remedy };
    this.write(this.fileName, note);
  }

  preview({ width, height }, draw) {
    Object.assign(this.canvas, { width, height });
    draw(this.canvas.getContext("2d"));
  }

  write(title, note) {
    this.card.querySelector("strong").textContent = title;
    this.card.querySelector(".note").textContent = note;
    this.canvas.hidden = !this.bitmap;
    this.card.classList.toggle("filled", Boolean(this.bitmap));
    this.card.classList.toggle("bad", Boolean(this.problem));
  }
}

function paint(context, { width, height, pixels }) {
  const image = context.createImageData(width, height);
  for (let index = 0; index < width * height; index++) {
    image.data.set(pixels.subarray(3 * index, 3 * index + 3), 4 * index);
    image.data[4 * index + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}
