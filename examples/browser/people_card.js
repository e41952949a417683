/** The people that the page knows: opened, enrolled, identified, saved. */

import { listenForFiles } from "./file_drop.js";
import { Gallery } from "./gallery.js";
import { describeIdentity } from "./words.js";

const MOST_SHOWN = 60; // names; a gallery may have very many

export class PeopleCard {
  /**
   * @param {HTMLElement} card - `#people`.
   * @param {() => void} onChange - called when there are other people.
   * @param {(index: number) => Promise<{embedding: Float64Array, model: object}>}
   *     embed - of the first or the second face.
   */
  constructor(card, onChange, embed) {
    Object.assign(this, { card, onChange, embed, gallery: null });
    this.form = card.querySelector("form");
    this.enrolButtons = [...this.form.querySelectorAll("button")];
    listenForFiles(card, ([file]) => this.open(file));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { value } = event.submitter ?? this.enrolButtons[0];
      this.#attempt(() => this.enrol(Number(value)));
    });
    card
      .querySelector(".save")
      .addEventListener("click", () => this.#attempt(() => this.save()));
    this.write();
  }

  /** Says which faces can be enrolled. */
  setFaces(areThere) {
    this.enrolButtons.forEach((button, index) => {
      button.disabled = !areThere[index];
    });
    if (!areThere.some(Boolean)) this.showAnswers([]);
  }

  async open(file) {
    await this.#attempt(async () => {
      const content = new Uint8Array(await file.arrayBuffer());
      this.gallery = await Gallery.load(content);
      this.say(`${file.name} is open.`);
    });
  }

  async enrol(index) {
    const field = this.form.elements.name;
    const name = field.value.trim();
    const { embedding, model } = await this.embed(index);
    this.gallery?.checkModel(model);
    const gallery = this.gallery ?? new Gallery(model);
    gallery.enrol(name, embedding);
    this.gallery = gallery;
    field.value = "";
    this.say(`${name} is enrolled. Save the gallery to keep it.`);
  }

  async save() {
    const content = await this.gallery.save();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content]));
    link.download = "people.gallery";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    this.say("Saved as people.gallery. It holds biometric data, unencrypted.");
  }

  /**
   * Who the faces are.
   *
   * @param {{slot: string, embedding: Float64Array}[]} faces
   * @param {object} model - identity of the model that embeds them.
   * @param {object | null} point - the operating point that decides.
   */
  identify(faces, model, point) {
    if (!this.gallery?.numPeople) return this.showAnswers([]);
    try {
      this.gallery.checkModel(model);
    } catch (error) {
      this.showAnswers([]);
      return this.say(error.message, true);
    }
    const comparisons = this.gallery.numCrops;
    this.showAnswers(
      faces.map(({ slot, embedding }) => {
        const [best] = this.gallery.search(embedding);
        const known = point && best.score >= point.threshold;
        const text = describeIdentity(best, point, comparisons);
        return { slot, name: known ? best.name : null, best, text };
      }),
    );
  }

  showAnswers(answers) {
    const list = this.card.querySelector(".answers");
    list.replaceChildren(
      ...answers.map(({ slot, name, best, text }) => {
        const item = document.createElement("li");
        const [who, title, note] = ["span", "strong", "span"].map((tag) =>
          document.createElement(tag),
        );
        item.dataset.name = name ?? "";
        item.dataset.score = best.score;
        who.textContent = slot;
        title.textContent = name ?? "Unknown";
        note.textContent = text;
        item.append(who, title, note);
        return item;
      }),
    );
    list.hidden = !answers.length;
  }

  say(text, isProblem = false) {
    const note = this.card.querySelector(".said");
    note.textContent = text;
    note.classList.toggle("bad", isProblem);
  }

  write() {
    const { numPeople = 0, numCrops = 0 } = this.gallery ?? {};
    const count = (number, one, many) =>
      `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
    this.card.querySelector(".count").textContent = numPeople
      ? `${count(numPeople, "person", "people")}, ${count(numCrops, "face", "faces")}`
      : "Nobody yet";
    this.card.querySelector(".save").disabled = !numPeople;
    const names = [...(this.gallery?.crops ?? [])].slice(0, MOST_SHOWN);
    const list = this.card.querySelector(".names");
    list.replaceChildren(...names.map(([name, rows]) => this.#chip(name, rows)));
    if (numPeople > names.length) {
      const rest = document.createElement("li");
      rest.textContent = `and ${(numPeople - names.length).toLocaleString("en")} more`;
      list.append(rest);
    }
    list.hidden = !numPeople;
  }

  #chip(name, rows) {
    const item = document.createElement("li");
    const text = document.createElement("span");
    const button = document.createElement("button");
    text.textContent = rows.length > 1 ? `${name} (${rows.length})` : name;
    button.type = "button";
    button.textContent = "×";
    button.ariaLabel = button.title = `Remove ${name}`;
    button.addEventListener("click", () =>
      this.#attempt(() => {
        this.gallery.remove(name);
        this.say(`${name} is removed.`);
      }),
    );
    item.append(text, button);
    return item;
  }

  async #attempt(task) {
    try {
      await task();
    } catch (error) {
      return this.say(error.message, true);
    }
    this.write();
    this.onChange();
  }
}
