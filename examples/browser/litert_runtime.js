/** The WebAssembly runtime that all models of the page share. */

import { loadAndCompile, loadLiteRt } from "@litertjs/core";

const WASM = "node_modules/@litertjs/core/wasm/";

let runtime = null;
let last = Promise.resolve();

/**
 * Loads a model; the first one brings the runtime with it.
 *
 * @param {Uint8Array} content - of a `.tflite` file.
 * @returns {Promise<CompiledModel>}
 */
export async function compile(content) {
  runtime ??= load();
  await runtime;
  try {
    // The CPU computes in float32 everywhere; a GPU may not.
    return await loadAndCompile(content, { accelerator: "wasm" });
  } catch (error) {
    throw new Error(
      "The TFLite file is damaged, or needs operations or types this " +
        `runtime lacks (${error.message ?? error}).`,
    );
  }
}

/**
 * Runs one task after the other: models share the memory of the runtime.
 *
 * @param {() => Promise} task
 * @returns {Promise} what the task gives.
 */
export function oneAtATime(task) {
  const turn = last.then(task);
  last = turn.catch(() => {});
  return turn;
}

function load() {
  // What the runtime tells is news, errors come as exceptions; it would print
  // both as errors.
  globalThis.Module = { printErr: (line) => console.debug(line) };
  return loadLiteRt(WASM);
}
