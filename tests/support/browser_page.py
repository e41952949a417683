"""The page of `examples/browser`, served and opened in headless Chromium."""

import base64
import contextlib
import dataclasses
import functools
import http.server
import io
import json
import pathlib
import threading

import chromium
import numpy as np
import pytest
from PIL import Image

FOLDER = pathlib.Path(__file__).parents[2] / "examples" / "browser"
NODE_MODULES = FOLDER / "node_modules" / "@litertjs" / "core"
MARKS = [
    pytest.mark.slow,
    pytest.mark.skipif(not chromium.CHROMIUM, reason="no Chromium here"),
    pytest.mark.skipif(
        not NODE_MODULES.is_dir(), reason="needs npm ci in examples/browser"
    ),
]
ANSWERS = (
    "same",
    "different",
    "score",
    "wrong-size",
    "error",
    "no-face",
    "no-face-found",
)
# LiteRT.js looks for a GPU before it is told to use the CPU.
GPU_WARNINGS = ("No available adapters", "Failed to create default WebGPU")


@dataclasses.dataclass(frozen=True)
class Files:
    """TFLite files in a folder, and faces."""

    folder: pathlib.Path
    faces: np.ndarray

    def rewrite(self, name, **changes):
        """A copy of `face.tflite` with other values in its manifest.

        `None` takes a key out; without changes the manifest is left out.
        """
        from ai_edge_litert.tools import flatbuffer_utils

        content = bytearray((self.folder / "face.tflite").read_bytes())
        model = flatbuffer_utils.read_model_from_bytearray(content)
        for entry in model.metadata:
            if entry.name == b"keras_sphereface.manifest":
                buffer = model.buffers[entry.buffer]
                manifest = json.loads(bytes(buffer.data))
                manifest |= {"checksum": "0" * 64, **changes}
                kept = {k: v for k, v in manifest.items() if v is not None}
                buffer.data = list(json.dumps(kept).encode())
        if not changes:
            model.metadata = []
        path = self.folder / f"{name}.tflite"
        path.write_bytes(flatbuffer_utils.convert_object_to_bytearray(model))
        return path


class FacePage:
    """What a person does with the page, and what they see.

    Args:
        page: `playwright.sync_api.Page`.
        address: str, where the page is served.
    """

    def __init__(self, page, address):
        self.page, self.address = page, address
        self.chosen = 0
        self.complaints, self.elsewhere = [], []
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._watch)

    def _listen(self, message):
        quiet = ("debug", "info", "log")
        if message.type not in quiet and not message.text.startswith(
            GPU_WARNINGS
        ):
            self.complaints.append(message.text)

    def _watch(self, request):
        if not request.url.startswith((self.address, "data:")):
            self.elsewhere.append(request.url)

    def open(self, query=""):
        self.page.goto(self.address + query)
        return self.state("no-model", "no-face", "error")

    def choose(self, place, content, name="face.png"):
        """Chooses a file: bytes, or pixels that become a PNG file."""
        if not isinstance(content, bytes):
            content = png(content)
        self.page.set_input_files(
            f"#{place} input",
            {"name": name, "mimeType": "", "buffer": content},
        )

    def load(self, path):
        self.choose("model", path.read_bytes(), path.name)
        return self.state("no-face", "error", "same", "different", "score")

    def detect_with(self, *paths):
        """Chooses the files of a detector."""
        self.page.set_input_files("#detector input", list(map(str, paths)))
        states = "#detector:is([data-state=ready], [data-state=error])"
        return self.page.wait_for_selector(states).get_attribute("data-state")

    def verify(self, a, b):
        """Score of two faces, and the state of the page."""
        for place, image in (("face-a", a), ("face-b", b)):
            self.chosen += 1  # A new name tells the new image from the old.
            name = f"{self.chosen}.png"
            self.choose(place, image, name)
            self.page.wait_for_selector(f"#{place} strong:text-is('{name}')")
        state = self.state(*ANSWERS)
        score = self.page.get_attribute("#score", "data-score")
        return (None if score is None else float(score)), state

    def state(self, *expected):
        """Waits until the page is in one of the states; says in which."""
        states = ",".join(f"[data-state={state}]" for state in expected)
        found = self.page.wait_for_selector(f"#verdict:is({states})")
        return found.get_attribute("data-state")

    def mark(self, place, landmarks):
        """Clicks landmarks, x and y in pixels, in the picture of a face."""
        self.page.click(f"#{place} .mark")
        for x, y in landmarks:
            self.page.click(
                "#landmarks canvas", position={"x": x + 0.5, "y": y + 0.5}
            )

    def wait_until(self, expression, seconds=20):
        """Asks again and again: the page's policy forbids it to ask itself."""
        for _ in range(50 * seconds):
            if self.page.evaluate(expression):
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"never so: {expression}")

    def people(self):
        """Who the page says the faces are: `[(name, score)]`, `""` unknown."""
        self.page.wait_for_selector(".answers li")
        return [
            (item.get_attribute("data-name"), float(score))
            for item in self.page.query_selector_all(".answers li")
            if (score := item.get_attribute("data-score"))
        ]

    def enrol(self, name, face=0):
        self.page.fill("#people [name=name]", name)
        self.page.click(f"#people form button >> nth={face}")
        self.page.wait_for_selector(f".said:has-text('{name} is enrolled')")

    def shown(self, place):
        """The pixels of a face on the page."""
        url = self.page.evaluate(
            f"document.querySelector('#{place} canvas').toDataURL()"
        )
        content = base64.b64decode(url.partition(",")[2])
        return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))

    def text(self, selector="#verdict"):
        return self.page.inner_text(selector)


def png(pixels, **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png", **options)
    return file.getvalue()


@contextlib.contextmanager
def served(folder):
    """Serves the page, and `folder` under `models/`."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def translate_path(self, path):
            if path.startswith("/models/"):
                return str(folder / path.rpartition("/")[2])
            return super().translate_path(path)

        def log_message(self, *arguments):
            pass

    handler = functools.partial(Handler, directory=FOLDER)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def browser(*arguments):
    """Chromium, with more arguments than the usual ones."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=chromium.CHROMIUM,
            args=[*chromium.FLAGS, *arguments],
        )
        yield opened
        opened.close()
