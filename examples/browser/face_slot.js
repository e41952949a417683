/** One of the two faces on the page. */

import { decodeImage, facePixels } from "./face_image.js";
import { listenForFile } from "./file_drop.js";

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
    this.size = null;
    this.bitmap = null;
    this.newest = 0;
    this.clear();
    listenForFile(card, (file) => this.read(file));
    this.button.addEventListener("click", () => this.update(true));
    this.write(name, "");
  }

  /** What the slot asks for. */
  get wish() {
    if (!this.size) return "";
    const { width, height } = this.size;
    return `Aligned face images of ${width} × ${height} pixels.`;
  }

  /** Takes the size that the model wants from its manifest. */
  setSize({ height, width }) {
    this.size = { height, width };
    if (this.bitmap) this.update(false);
    else this.write(this.name, `${width} × ${height} pixels`);
  }

  clear() {
    this.pixels = null; // Uint8Array once there is a usable face.
    this.problem = null; // {state, title, remedy} of an unusable file.
    this.isCut = false; // Whether the face was cut out of a larger image.
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
    if (bitmap) this.update(false);
    else this.fail("error", "cannot be read", failure.message);
    this.onChange();
  }

  update(mayCut) {
    this.clear();
    const { bitmap, size } = this;
    this.preview(bitmap.width, bitmap.height, (context) =>
      context.drawImage(bitmap, 0, 0),
    );
    const found = `${bitmap.width} × ${bitmap.height} pixels`;
    if (!size) return this.write(this.fileName, found);
    const { width, height } = size;
    const fits = bitmap.width === width && bitmap.height === height;
    if (!fits && !mayCut) {
      const note = `${found}; the model wants an aligned face of ${width} × ${height}.`;
      const remedy =
        "Align it with ks.contract.align_face and choose the result. The " +
        "middle of the image gives a score too, but not one to trust.";
      this.fail("wrong-size", "has the wrong size", note, remedy);
      this.button.hidden = false;
      return;
    }
    try {
      this.pixels = facePixels(bitmap, size);
    } catch (error) {
      this.fail("error", "cannot be used", error.message);
      return;
    }
    this.isCut = !fits;
    this.preview(width, height, (context) => paint(context, this.pixels, size));
    this.write(
      this.fileName,
      fits ? found : `The middle of ${found}, resized and not aligned`,
    );
    if (mayCut) this.onChange();
  }

  fail(state, fault, note, remedy = note) {
    this.clear();
    const title = `The ${this.name.toLowerCase()} ${fault}`;
    this.problem = { state, title, remedy };
    this.write(this.fileName, note);
  }

  preview(width, height, draw) {
    Object.assign(this.canvas, { width, height, hidden: false });
    draw(this.canvas.getContext("2d"));
  }

  write(title, note) {
    this.card.querySelector("strong").textContent = title;
    this.card.querySelector(".note").textContent = note;
    this.canvas.hidden = !this.bitmap;
    this.card.classList.toggle("filled", Boolean(this.bitmap));
    this.card.classList.toggle("bad", Boolean(this.problem));
    this.card.classList.toggle("cut", this.isCut);
  }
}

function paint(context, pixels, { width, height }) {
  const image = context.createImageData(width, height);
  for (let index = 0; index < width * height; index++) {
    image.data.set(pixels.subarray(3 * index, 3 * index + 3), 4 * index);
    image.data[4 * index + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}
