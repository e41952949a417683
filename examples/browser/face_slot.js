/** One of the two faces on the page. */

import { alignFace } from "./align.js";
import { takePicture } from "./camera_dialog.js";
import { decodeImage, readPixels } from "./face_image.js";
import { listenForFiles } from "./file_drop.js";
import { askForLandmarks } from "./landmark_dialog.js";
import { paint, paintPhoto } from "./painting.js";

export class FaceSlot {
  /**
   * @param {HTMLElement} card - is filled from `#face-template`.
   * @param {string} name - "First face".
   * @param {() => void} onChange - called when `pixels`, `problem` or
   *     `isBusy` change.
   */
  constructor(card, name, onChange) {
    const template = document.getElementById("face-template");
    card.append(template.content.cloneNode(true));
    this.card = card;
    this.name = name;
    this.onChange = onChange;
    this.canvas = card.querySelector("canvas");
    this.photo = card.querySelector(".photo");
    this.button = card.querySelector(".mark");
    this.size = null; // {width, height} that the model wants.
    this.template = null; // Where it wants the landmarks, if it says so.
    this.detector = null;
    this.bitmap = null;
    this.newest = 0;
    this.clear();
    listenForFiles(card, ([file]) =>
      this.take(file.name, () => decodeImage(file)),
    );
    this.button.addEventListener("click", () => this.mark());
    card.querySelector(".shoot").addEventListener("click", () => this.shoot());
    this.write(name, "");
  }

  /** What the slot asks for. */
  get wish() {
    if (!this.size) return "";
    const { width, height } = this.size;
    const aligned = `aligned faces of ${width} × ${height} pixels`;
    if (!this.template) return `${capital(aligned)}.`;
    return this.detector
      ? `Photographs, or ${aligned}.`
      : `${capital(aligned)}, or photographs in which you mark the face.`;
  }

  /** Takes what the model wants from its manifest. */
  setModel({ input: { height, width }, alignment }) {
    this.size = { height, width };
    this.template = alignment ?? null;
    if (this.bitmap) this.update();
    else this.write(this.name, `${width} × ${height} pixels, or a photograph`);
  }

  /** Takes what finds faces in photographs, or `null`. */
  setDetector(detector) {
    this.detector = detector;
    if (this.bitmap && !this.isMarked) this.update();
  }

  clear() {
    this.pixels = null; // Uint8Array once there is a usable face.
    this.problem = null; // {state, title, remedy} of an unusable file.
    this.isBusy = false; // While the face is looked for.
    this.isMarked = false;
    this.button.hidden = true;
    this.photo.hidden = true;
  }

  /** Takes an image: a name, and a function that gives its bitmap. */
  async take(name, decode) {
    const turn = ++this.newest;
    this.fileName = name;
    let bitmap = null;
    let failure = null;
    try {
      bitmap = await decode();
    } catch (error) {
      failure = error;
    }
    if (turn !== this.newest) return;
    this.bitmap = bitmap;
    if (bitmap) return this.update();
    this.fail("error", "cannot be read", failure.message);
    this.onChange();
  }

  async shoot() {
    const bitmap = await takePicture();
    if (bitmap) this.take("Camera", async () => bitmap);
  }

  async mark() {
    const { bitmap } = this;
    const landmarks = await askForLandmarks(bitmap);
    if (landmarks && bitmap === this.bitmap) this.update(landmarks);
  }

  /** Makes a face of the image: as it is, marked, or found. */
  async update(landmarks = null) {
    const turn = ++this.newest;
    this.clear();
    const { bitmap, size } = this;
    this.preview(bitmap, (context) => context.drawImage(bitmap, 0, 0));
    const found = `${bitmap.width} × ${bitmap.height} pixels`;
    const fits =
      size && bitmap.width === size.width && bitmap.height === size.height;
    if (!size) {
      this.write(this.fileName, found);
    } else if (!fits && !landmarks && !(this.detector && this.template)) {
      this.failSize(found);
    } else {
      try {
        const picture = readPixels(bitmap);
        if (fits) this.use(picture, found);
        else if (landmarks) this.align(picture, landmarks, `Marked in ${found}`);
        else await this.find(picture, found, turn);
      } catch (error) {
        if (turn !== this.newest) return;
        this.fail("error", "cannot be used", error.message);
      }
    }
    if (turn !== this.newest) return;
    this.isMarked = Boolean(landmarks);
    this.button.hidden = fits || !size || !this.template;
    this.onChange();
  }

  async find(picture, found, turn) {
    this.isBusy = true;
    this.write(this.fileName, "Looking for the face");
    this.onChange();
    const face = await this.detector.findOne(picture);
    if (turn !== this.newest) return;
    this.isBusy = false;
    if (!face) {
      this.fail(
        "no-face-found",
        "was not found",
        `No face in ${found} that the detector can find.`,
        "It may be too small, too dark, turned away or cut by the edge. " +
          "Choose another photograph, or mark the face in it.",
      );
      return;
    }
    const sure = Math.round(100 * face.score);
    this.align(picture, face.points, `Found in ${found}, ${sure} % sure`);
    paintPhoto(this.photo, this.bitmap, face.corners);
    this.photo.hidden = false;
  }

  align(picture, landmarks, note) {
    const face = alignFace(picture, landmarks, this.template, this.size);
    this.use(face, note);
  }

  use(face, note) {
    this.pixels = face.pixels;
    this.preview(face, (context) => paint(context, face));
    this.write(this.fileName, note);
  }

  failSize(found) {
    const { width, height } = this.size;
    this.fail(
      "wrong-size",
      "has the wrong size",
      `${found}; the model wants an aligned face of ${width} × ${height}.`,
      this.template
        ? "Choose a face detector, mark the face, or choose an aligned one."
        : "Choose an aligned one. ks.contract.align_face makes one in Python; " +
            "this model does not say where it wants the landmarks.",
    );
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

function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}
