"""A stand-in for the facility's live data server, as the protocol facts have it, and for how it may fail.

``POST /plots/<INSTR>/<run>/upload_plot_data/`` stores, ``GET …/update/html/`` and ``…/update/json/`` give back.
"""

import hashlib
import json
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

USER, PASSWORD, SECRET = "livereduce", 's3cret"<&ü', "key of the server"
PATIENCE_S = 50.0
UPLOAD = re.compile(r"/plots/(\w+)/(\d+)/upload_plot_data/")
UPDATE = re.compile(r"/plots/(\w+)/(\d+)/update/(html|json)/(?:\?key=(\w+))?")


def key_of(instrument: str, run: int | str) -> str:
    """What the server asks of those who read the plot of a run."""
    return hashlib.sha1(f"{instrument.upper()}{SECRET}{run}".encode()).hexdigest()


class LiveDataServer(ThreadingHTTPServer):
    """Plots by (instrument in lower case, run); every upload that came, also those that were refused.

    Attributes
    ----------
    mode
        ``well``; ``failing`` (500); ``hanging`` (never answers); ``dripping`` (sends a header without end);
        ``closing`` (hangs up); ``moved`` (redirects).
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.mode = "well"
        self.plots: dict[tuple[str, int], tuple[str, str]] = {}
        self.uploads: list[tuple[int, int]] = []  # run and answer, 0 for none
        self.changed = threading.Condition()
        self.released = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def configuration(self, folder: Path, **changes: Any) -> Path:
        """A configuration file of publishing programs for this server."""
        body = {
            "publish_url_template": f"{self.address}/plots/$instrument/$run_number/upload_plot_data/",
            "publisher_username": USER,
            "publisher_password": PASSWORD,
            "amq_user": "of other programs",
            **changes,
        }
        path = folder / "post_processing.conf"
        path.write_text(json.dumps(body))
        return path

    def note(self, run: int, status: int) -> None:
        with self.changed:
            self.uploads.append((run, status))
            self.changed.notify_all()

    def wait_for(self, uploads: int) -> list[tuple[int, int]]:
        """The uploads, once there are so many."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.uploads) >= uploads, PATIENCE_S), self.uploads
            return list(self.uploads)


class _Handler(BaseHTTPRequestHandler):
    server: LiveDataServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        wanted = UPLOAD.fullmatch(self.path)
        if wanted is None:
            return self._answer(404)
        instrument, run = wanted[1].lower(), int(wanted[2])
        if self.server.mode != "well":
            return self._fail(run)
        fields, files = self._form(body)
        if (fields.get("username"), fields.get("password")) != (USER, PASSWORD):
            status = 401
        elif "file" not in files:
            status = 400
        else:
            status, text = 200, files["file"]
            self.server.plots[instrument, run] = ("html" if text.startswith("<div") else "json", text)
        self._answer(status)
        return self.server.note(run, status)

    def _fail(self, run: int) -> None:
        self.server.note(run, {"failing": 500, "moved": 302}.get(self.server.mode, 0))
        self.close_connection = True
        if self.server.mode == "failing":
            self._answer(500, b"<h1>Server Error (500)</h1>")
        elif self.server.mode == "moved":
            self._answer(302, location="/elsewhere")
        elif self.server.mode == "hanging":
            self.server.released.wait(PATIENCE_S)
        elif self.server.mode == "dripping":
            with suppress(OSError):
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not self.server.released.wait(0.01):
                    self.wfile.write(b"x")

    def _form(self, body: bytes) -> tuple[dict[str, str], dict[str, str]]:
        """Fields, and files: a part is a file if it has a file name, as Django has it."""
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        fields: dict[str, str] = {}
        files: dict[str, str] = {}
        parts = BytesParser().parsebytes(head + body).get_payload()
        for part in parts if isinstance(parts, list) else []:
            assert isinstance(part, Message)
            name = part.get_param("name", header="content-disposition")
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            (fields if part.get_filename() is None else files)[str(name)] = content.decode()
        return fields, files

    def do_GET(self) -> None:
        wanted = UPDATE.fullmatch(self.path)
        if wanted is None:
            return self._answer(404)
        instrument, run, kind, key = wanted.groups()
        if (self.headers["Authorization"] or key) != hashlib.sha1(
            f"{instrument.upper()}{SECRET}{run}".encode()
        ).hexdigest():
            return self._answer(401)
        stored, text = self.server.plots.get((instrument.lower(), int(run)), ("", ""))
        if stored != kind:
            return self._answer(404, f"No data available for {instrument} {run}".encode())
        return self._answer(200, text.encode())

    def _answer(self, status: int, body: bytes = b"", location: str = "") -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def live_data_server(context: ssl.SSLContext | None = None) -> Iterator[LiveDataServer]:
    """A server at a free port of the loopback; with TLS if there is a context."""
    server = LiveDataServer()
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="live data server")
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
