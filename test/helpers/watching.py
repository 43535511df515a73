"""The page's server as a child process, and somebody who watches its news on a bare socket."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Web:
    """A running server: where it is, and its process."""

    url: str
    process: subprocess.Popen[str]

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        assert parts.hostname
        assert parts.port
        return parts.hostname, parts.port

    def stop(self) -> tuple[int, str]:
        """Exit code and what it said on standard error."""
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, errors


PLAIN = """
import sys
from livereduce.cli import main
sys.exit(main(sys.argv[1:]))
"""
IMPATIENT = f"""
from livereduce.web.http import idle_connections as reaper
reaper.IDLE_S, reaper.BLOCKED_S, reaper.LOOK_EVERY_S = 0.2, 0.2, 0.05
{PLAIN}"""
"""A server that waits for nobody."""
CRAMPED = f"""
from livereduce.web.state import broadcast
broadcast.MAX_WATCHERS, broadcast.MAX_OF_ONE = 8, 4
{PLAIN}"""
"""A server with few places."""


def command(confs: Sequence[Path], *words: str, program: str = PLAIN) -> list[str]:
    return [sys.executable, "-c", program, "web", *map(str, confs), "--port", "0", *words]


@contextmanager
def web(
    cwd: Path, confs: Sequence[Path], *words: str, program: str = PLAIN, environ: Mapping[str, str] | None = None
) -> Iterator[Web]:
    """``livereduce web`` as a child, which is stopped at the end."""
    variables = os.environ | {"MPLCONFIGDIR": str(cwd / "matplotlib"), "NO_PROXY": "*"} | dict(environ or {})
    asked = command(confs, *words, program=program)
    process = subprocess.Popen(asked, cwd=cwd, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("listening on "), f"it does not listen: {process.communicate()}"
        yield Web(line.removeprefix("listening on ").strip().rstrip("/"), process)
    finally:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=PATIENCE_S)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@dataclass
class Watcher:
    """Somebody who watches: the news as they come."""

    web: Web
    query: str = ""
    headers: str = ""
    told: list[tuple[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.socket = socket.create_connection(self.web.address, timeout=PATIENCE_S)
        self.socket.sendall(f"GET /api/events{self.query} HTTP/1.1\r\nHost: localhost\r\n{self.headers}\r\n".encode())
        self._text = self.socket.makefile("r", encoding="utf-8", newline="\n")

    def close(self) -> None:
        self._text.close()
        self.socket.close()

    def next(self) -> tuple[str, Any] | None:
        """The next piece of news (beats left out); None at the end of the stream."""
        event = ""
        while line := self._text.readline():
            if line.startswith("event: "):
                event = line.removeprefix("event: ").strip()
            elif line.startswith("data: ") and event != "beat":
                self.told.append((event, json.loads(line.removeprefix("data: "))))
                return self.told[-1]
        return None

    def wait(self, event: str, **fields: Any) -> Any:
        """The data of the next event of this kind with these fields."""
        while news := self.next():
            if news[0] == event and all(news[1].get(name) == value for name, value in fields.items()):
                return news[1]
        raise AssertionError(f"the stream has ended without {event} {fields}; told was {self.told}")


@contextmanager
def watcher(of: Web, query: str = "", headers: str = "") -> Iterator[Watcher]:
    one = Watcher(of, query, headers)
    try:
        yield one
    finally:
        one.close()
