"""What a device has: the package alone, NumPy and a runtime.

    python .ci/edge_install.py face.tflite

Run it in an environment of `pip install --no-deps keras_sphereface` and
`pip install ai-edge-litert numpy`. It verifies and identifies drawn noise.
"""

import importlib.util
import subprocess
import sys

import numpy as np

import keras_sphereface.edge as edge

IMPORT_SECONDS = 0.5
ABSENT = ("tensorflow", "keras", "jax", "torch", "scipy", "sklearn", "PIL")
IMPORT = (
    "import time; start = time.perf_counter(); import keras_sphereface.edge; "
    "print(time.perf_counter() - start)"
)

found = [name for name in ABSENT if importlib.util.find_spec(name)]
if found:
    sys.exit(f"A device has none of {found}")

seconds = min(
    float(subprocess.check_output([sys.executable, "-c", IMPORT]))
    for _ in range(5)
)
if seconds > IMPORT_SECONDS:
    sys.exit(f"The import took {seconds:.2f} s, over {IMPORT_SECONDS} s")

verifier = edge.FaceVerifier(sys.argv[1], threads=1)
verifier.warm_up()
shape = (2, *verifier.manifest.input.shape)
images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
print(verifier.verify(*images))
gallery = edge.Gallery(verifier.model)
# Noise is no face to know somebody by.
verifier.enrol(gallery, "Ann", images[0], check_quality=False)
gallery.save("people.gallery")
gallery = edge.Gallery.load("people.gallery")
identification = verifier.identify(images[0], gallery)
if identification.name != "Ann":
    sys.exit(f"Ann is {identification}")
print(identification)
print(f"import keras_sphereface.edge: {seconds:.3f} s")
