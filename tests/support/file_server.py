"""A web server on this machine, which can be told to misbehave."""

import contextlib
import http.server
import re
import threading
import time


class FileServer:
    """Serves bytes by path, and remembers what was asked for.

    Args:
        files: dict of path to bytes.

    Attributes:
        requests: list of `(path, first byte asked for)`.
        ranges: bool, whether it understands `Range`.
        cut_after: int, bytes of an answer after which it hangs up, or `None`.
        cuts: int, how many answers are cut; the others are whole.
        silence: float, seconds it says nothing before it hangs up.
        length: int, the `Content-Length` it claims, or `None`, the right one.
        says_length: bool, whether it sends one.
        status: int, what it answers instead, or `None`.
    """

    def __init__(self, files):
        self.files = files
        self.requests = []
        self.silence = 0.0
        self.ranges, self.says_length = True, True
        self.cut_after, self.cuts, self.length, self.status = (
            None,
            0,
            None,
            None,
        )
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                owner._answer(self)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), Handler
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _answer(self, handler):
        wanted = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        start = int(wanted[1]) if wanted else 0
        self.requests.append((handler.path, start))
        content = self.files.get(handler.path)
        if content is None or self.status is not None:
            handler.send_error(self.status or 404)
            return
        if not self.ranges:
            start = 0
        if start >= len(content):
            handler.send_error(416)
            return
        body = content[start:]
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header(
                "Content-Range",
                f"bytes {start}-{len(content) - 1}/{len(content)}",
            )
        if self.says_length:
            length = len(body) if self.length is None else self.length
            handler.send_header("Content-Length", str(length))
        handler.end_headers()
        is_cut = self.cuts > 0
        if is_cut:
            self.cuts -= 1
            body = body[: self.cut_after]
        handler.wfile.write(body)
        handler.wfile.flush()
        if is_cut:
            time.sleep(self.silence)
        handler.close_connection = True


@contextlib.contextmanager
def serving(files):
    """A `FileServer` that answers until the block ends.

    Args:
        files: dict of path to bytes.

    Yields:
        `FileServer`.
    """
    server = FileServer(files)
    thread = threading.Thread(target=server._server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server._server.shutdown()
        server._server.server_close()
        thread.join()
