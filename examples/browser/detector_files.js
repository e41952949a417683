/** Opening the files of a face detector. */

import { BlazeFaceNetwork } from "./blazeface_network.js";
import { FaceDetector } from "./face_detector.js";
import { LandmarkNetwork } from "./landmark_network.js";
import { PlainNetwork } from "./plain_network.js";
import { SecondLook } from "./second_look.js";

/**
 * Opens a detector, and, if there is one, the network that places its points.
 *
 * @param {Uint8Array[]} contents - MediaPipe's `face_detection_*.tflite`, and
 *     perhaps its `face_landmark.tflite`, in either order.
 * @returns {Promise<FaceDetector>}
 */
export async function openDetector(contents) {
  const models = [];
  try {
    for (const content of contents) models.push(await PlainNetwork.open(content));
    // The mesh's file is the one that gives a single score.
    const isMesh = ({ outputs }) =>
      outputs.some(({ shape }) => shape.every((side) => side === 1));
    const [meshes, others] = [models.filter(isMesh), models.filter((m) => !isMesh(m))];
    if (others.length !== 1 || meshes.length > 1) {
      throw new Error(
        "Choose one face detector of the BlazeFace kind, such as MediaPipe's " +
          "face_detection_short_range.tflite, and, if you like, its " +
          "face_landmark.tflite with it.",
      );
    }
    const network = new BlazeFaceNetwork(others[0]);
    const mesh = meshes.length ? new LandmarkNetwork(meshes[0]) : null;
    return new FaceDetector(network, new SecondLook(network, mesh));
  } catch (error) {
    models.forEach((model) => model.close());
    throw error;
  }
}
