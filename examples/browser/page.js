/** The page: files in, verdict out. What it shows comes from the manifest. */

import { openDetector } from "./detector_files.js";
import { FaceSlot } from "./face_slot.js";
import { FaceVerifier } from "./face_verifier.js";
import { listenForFiles } from "./file_drop.js";
import { modelIdentity } from "./gallery.js";
import { PeopleCard } from "./people_card.js";
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
let newestDetector = 0;

const slots = [
  new FaceSlot(element("face-a"), "First face", changed),
  new FaceSlot(element("face-b"), "Second face", changed),
];
const people = new PeopleCard(element("people"), changed, async (index) => ({
  embedding: await verifier.embed(slots[index].pixels, { flip: isFlipped() }),
  model: identity(),
}));
listenForFiles(element("model"), ([file]) => openModel(file.name, file));
listenForFiles(element("detector"), (files) =>
  chooseDetector(files.map((file) => [file.name, file])),
);

const address = new URLSearchParams(location.search);
const nameOf = (path) => path.split("/").at(-1);
const detectors = address.getAll("detector");
if (detectors.length) {
  chooseDetector(detectors.map((path) => [nameOf(path), fetchFile(path)]));
}
if (address.has("model")) {
  const path = address.get("model");
  openModel(nameOf(path), fetchFile(path));
} else {
  changed();
}

function fetchFile(path) {
  return {
    async arrayBuffer() {
      const response = await fetch(path);
      if (response.ok) return response.arrayBuffer();
      throw new Error(`${path}: ${response.status} ${response.statusText}`);
    },
  };
}

/** Whether faces are embedded with their mirror images. */
function isFlipped() {
  return point?.flip ?? false;
}

function identity() {
  return modelIdentity(verifier.manifest, { flip: isFlipped() });
}

async function chooseDetector(sources) {
  const question = ++newestDetector;
  const card = element("detector");
  const names = sources.map(([name]) => name).join(" + ");
  const say = (facts, state) => {
    element("detector-name").textContent = names;
    element("detector-facts").textContent = facts;
    card.dataset.state = state;
  };
  say("Loading", "loading");
  try {
    const contents = await Promise.all(
      sources.map(async ([, source]) => new Uint8Array(await source.arrayBuffer())),
    );
    const detector = await openDetector(contents);
    if (question !== newestDetector) return;
    say("Finds the faces in photographs", "ready");
    slots.forEach((slot) => slot.setDetector(detector));
  } catch (error) {
    if (question !== newestDetector) return;
    say(error.message, "error");
    slots.forEach((slot) => slot.setDetector(null));
  }
  if (verifier) changed();
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
  element("people").hidden = !verifier;
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
  const usable = slots.filter((slot) => slot.pixels);
  people.setFaces(slots.map((slot) => Boolean(slot.pixels)));
  const bad = slots.find((slot) => slot.problem);
  const empty = slots.filter((slot) => !slot.pixels);
  if (slots.some((slot) => slot.isBusy)) {
    show("comparing", "Looking for the face", "");
    return;
  }
  if (bad) {
    const { state, title, remedy } = bad.problem;
    show(state, title, remedy);
  } else if (empty.length) {
    const which = empty.length === 2 ? "two faces" : `the ${empty[0].name}`;
    show("no-face", `Choose ${which.toLowerCase()}`, slots[0].wish);
  } else {
    show("comparing", "Comparing", "");
  }
  try {
    const options = { flip: isFlipped() };
    const faces = [];
    for (const { name, pixels } of usable) {
      const embedding = await verifier.embed(pixels, options);
      if (question !== newest) return;
      faces.push({ slot: name, embedding });
    }
    people.identify(faces, identity(), point);
    if (faces.length === 2) {
      const [a, b] = faces.map(({ embedding }) => embedding);
      showAnswer(verifier.compare(a, b, point));
    }
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
