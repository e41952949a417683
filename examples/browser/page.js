/** The page: files in, verdict out. What it shows comes from the manifest. */

import { FaceSlot } from "./face_slot.js";
import { FaceVerifier } from "./face_verifier.js";
import { listenForFile } from "./file_drop.js";
import {
  describeAnswer,
  describeModel,
  describePoint,
  oneIn,
} from "./words.js";

const element = (id) => document.getElementById(id);
const verdict = element("verdict");
const scale = element("scale");

let verifier = null;
let point = null;
let newest = 0; // Answers to older questions are thrown away.

const slots = [
  new FaceSlot(element("face-a"), "First face", changed),
  new FaceSlot(element("face-b"), "Second face", changed),
];
listenForFile(element("model"), (file) => openModel(file.name, file));

const address = new URLSearchParams(location.search).get("model");
if (address) {
  openModel(address.split("/").at(-1), fetchModel(address));
} else {
  changed();
}

function fetchModel(address) {
  return {
    async arrayBuffer() {
      const response = await fetch(address);
      if (response.ok) return response.arrayBuffer();
      throw new Error(`${address}: ${response.status} ${response.statusText}`);
    },
  };
}

async function openModel(name, source) {
  const question = ++newest;
  verifier?.close();
  verifier = null;
  showModel(name, "");
  show("loading", "Loading", name);
  try {
    const file = new Uint8Array(await source.arrayBuffer());
    const opened = await FaceVerifier.open(file);
    if (question !== newest) return opened.close();
    verifier = opened;
    showModel(name, describeModel(opened, file.length));
    slots.forEach((slot) => slot.setModel(opened.manifest));
    changed();
  } catch (error) {
    if (question !== newest) return;
    showModel(name, "Not usable");
    show("error", "This model cannot be used", error.message);
  }
}

function showModel(name, facts) {
  element("model-name").textContent = name;
  element("model-facts").textContent = facts;
  const points = verifier?.operatingPoints ?? [];
  point = verifier?.defaultPoint ?? null;
  element("points").hidden = !points.length;
  element("chips").replaceChildren(...points.map(chip));
  if (point) showPoint();
}

function chip(choice) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  const text = document.createElement("span");
  input.type = "radio";
  input.name = "point";
  input.value = choice.far;
  input.checked = choice === point;
  input.addEventListener("change", () => {
    point = choice;
    showPoint();
    changed();
  });
  text.textContent = oneIn(choice.far);
  label.append(input, text);
  return label;
}

function showPoint() {
  const { measured, flip } = describePoint(point);
  element("point-text").textContent = measured;
  element("flip-text").textContent = flip;
}

async function changed() {
  const question = ++newest;
  if (!verifier) {
    show("no-model", "Choose a model", "Then two faces.");
    return;
  }
  const bad = slots.find((slot) => slot.problem);
  const empty = slots.filter((slot) => !slot.pixels);
  if (bad) {
    const { state, title, remedy } = bad.problem;
    show(state, title, remedy);
    return;
  }
  if (empty.length) {
    const which = empty.length === 2 ? "two faces" : `the ${empty[0].name}`;
    show("no-face", `Choose ${which.toLowerCase()}`, slots[0].wish);
    return;
  }
  show("comparing", "Comparing", "");
  try {
    const [a, b] = slots.map((slot) => slot.pixels);
    const answer = await verifier.verify(a, b, point);
    if (question === newest) showAnswer(answer);
  } catch (error) {
    if (question === newest) show("error", "No answer", error.message);
  }
}

function showAnswer(answer) {
  const { score, same } = answer;
  if (same === null) {
    const text = "The file has no thresholds, so this is a score only.";
    show("score", "Cosine similarity", text, score);
  } else {
    show(
      same ? "same" : "different",
      same ? "Same person" : "Different people",
      describeAnswer(answer, point),
      score,
    );
  }
}

function show(state, headline, message, score = null) {
  verdict.dataset.state = state;
  element("headline").textContent = headline;
  element("message").textContent = message;
  element("score").hidden = scale.hidden = score === null;
  if (score === null) return;
  element("score").value = score.toFixed(4).replace("-", "−");
  element("score").dataset.score = score;
  scale.classList.toggle("plain", !point);
  const percent = (cosine) => 50 * (cosine + 1);
  scale.style.setProperty("--score", `${percent(score)}%`);
  if (!point) return;
  const { threshold, threshold_interval: interval } = point;
  const [low, high] = interval ?? [threshold, threshold];
  scale.style.setProperty("--threshold", `${percent(threshold)}%`);
  scale.style.setProperty("--low", `${percent(low)}%`);
  scale.style.setProperty("--span", `${percent(high) - percent(low)}%`);
  scale.querySelector(".threshold").dataset.label = interval
    ? "threshold and its 95 % interval"
    : "threshold";
}
