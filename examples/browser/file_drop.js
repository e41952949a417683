/** Files from a picker or dropped. */

/**
 * Calls back with every file that is chosen in an element or dropped on it.
 *
 * @param {HTMLElement} target - holds one `<input type="file">`.
 * @param {(file: File) => void} callback
 */
export function listenForFile(target, callback) {
  const input = target.querySelector("input[type=file]");
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = ""; // The same file may be chosen again.
    if (file) callback(file);
  });
  const over = (isOver) => (event) => {
    event.preventDefault();
    target.classList.toggle("over", isOver);
  };
  target.addEventListener("dragover", over(true));
  target.addEventListener("dragleave", over(false));
  target.addEventListener("drop", (event) => {
    over(false)(event);
    const [file] = event.dataTransfer.files;
    if (file) callback(file);
  });
}
