/** Files from a picker or dropped. */

/**
 * Calls back with the files that are chosen in an element or dropped on it.
 *
 * @param {HTMLElement} target - holds one `<input type="file">`.
 * @param {(files: File[]) => void} callback - gets at least one.
 */
export function listenForFiles(target, callback) {
  const input = target.querySelector("input[type=file]");
  input.addEventListener("change", () => {
    const files = [...input.files];
    input.value = ""; // The same file may be chosen again.
    if (files.length) callback(files);
  });
  const over = (isOver) => (event) => {
    event.preventDefault();
    target.classList.toggle("over", isOver);
  };
  target.addEventListener("dragover", over(true));
  target.addEventListener("dragleave", over(false));
  target.addEventListener("drop", (event) => {
    over(false)(event);
    const files = [...event.dataTransfer.files];
    if (files.length) callback(files);
  });
}
