/** Asks for a picture from the camera. */

/**
 * Shows what the camera sees until the user takes a picture or gives up.
 *
 * @returns {Promise<ImageBitmap | null>} `null` if there is no picture.
 */
export async function takePicture() {
  const dialog = document.getElementById("camera");
  const video = dialog.querySelector("video");
  const take = dialog.querySelector("[value=take]");
  const note = dialog.querySelector("p");
  const closed = new Promise((resolve) =>
    dialog.addEventListener("close", resolve, { once: true }),
  );
  note.textContent = "The picture stays in this page.";
  take.disabled = true;
  dialog.returnValue = "";
  dialog.showModal();
  let stream = null;
  const isOpen = openCamera().then(async (opened) => {
    stream = opened;
    if (!dialog.open) return;
    video.srcObject = stream;
    await video.play();
    take.disabled = false;
  });
  isOpen.catch((error) => (note.textContent = describe(error)));
  await closed;
  try {
    const isTaken = dialog.returnValue === "take";
    return isTaken ? await createImageBitmap(video) : null;
  } finally {
    video.srcObject = null;
    // The light of the camera must go out, whenever it came on.
    const stop = () => stream?.getTracks().forEach((track) => track.stop());
    isOpen.then(stop, stop);
  }
}

async function openCamera() {
  if (!navigator.mediaDevices) throw new DOMException("", "InsecureError");
  const size = { width: { ideal: 1280 }, height: { ideal: 720 } };
  const video = { facingMode: "user", ...size };
  return navigator.mediaDevices.getUserMedia({ video, audio: false });
}

function describe(error) {
  const known = {
    InsecureError: "A browser opens the camera on https and on localhost only.",
    NotAllowedError: "The browser was not allowed to use the camera.",
    NotFoundError: "There is no camera.",
    NotReadableError: "The camera is in use by another program.",
  };
  return known[error.name] ?? `The camera cannot be used (${error.message}).`;
}
