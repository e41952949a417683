"""The page of `examples/browser`, served and opened in headless Chromium."""

import contextlib
import functools
import http.server
import io
import pathlib
import threading

import chromium
from PIL import Image

FOLDER = pathlib.Path(__file__).parents[1] / "examples" / "browser"
ANSWERS = ("same", "different", "score", "wrong-size", "error", "no-face")
# LiteRT.js looks for a GPU before it is told to use the CPU.
GPU_WARNINGS = ("No available adapters", "Failed to create default WebGPU")


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
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=chromium.CHROMIUM, args=list(chromium.FLAGS)
        )
        yield opened
        opened.close()
