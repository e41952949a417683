"""Times one case of `benchmark_detector.py` in a process of its own.

    python tools/time_detector_case.py CASE

The case is a JSON object of `detector`, one or two paths, `recognizer`,
`photographs`, two paths, and `runs`; what is printed is one too. TensorFlow and
Keras cannot be loaded here.
"""

import json
import sys
import time


class _Blocker:
    def find_spec(self, name, path=None, target=None):
        if name in ("tensorflow", "keras", "jax", "torch", "cv2"):
            raise ImportError(f"{name} is blocked")


def main(detector, recognizer, photographs, runs):
    """Milliseconds of each verification, and what it took of memory.

    Those of the processor leave out what other programs took meanwhile.
    """
    sys.meta_path.insert(0, _Blocker())
    from time_edge_case import peak_memory

    import keras_sphereface.edge as edge

    verifier = edge.FaceVerifier(
        recognizer, detector=edge.FaceDetector(*detector, threads=1), threads=1
    )
    milliseconds, of_processor = [], []
    for _ in range(runs + 3):
        started, worked = time.perf_counter(), time.process_time()
        verifier.verify(*photographs, threshold=0.3)
        of_processor.append((time.process_time() - worked) * 1000)
        milliseconds.append((time.perf_counter() - started) * 1000)
    return {
        "milliseconds": milliseconds[3:],
        "of_processor": of_processor[3:],
        "peak_mb": peak_memory(),
    }


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
