"""Output of a worker, cut into lines. Pure; the pipe is read in `process.py`."""

from collections import deque
from dataclasses import dataclass, field

from livereduce.base.visible import visible
from livereduce.messages.beat import SPEAKER, TORN_SPEAKER

LONGEST_LINE_BYTES = 4096
REMEMBERED_LINES = 100
"""Enough for the trace that faulthandler prints of a crash."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its end, control characters made visible, and the md5 of its script (empty: none)."""

    text: str
    by: str = ""


@dataclass(slots=True, kw_only=True)
class WorkerOutput:
    """Lines of one worker: the incomplete one, who is printing, and the last ones, which tell why it died."""

    rest: bytes = b""
    by: str = ""
    last: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED_LINES))

    def feed(self, data: bytes) -> list[Line]:
        """Return whole lines. A line also ends where another source begins to print."""
        data = self.rest + data
        lines: list[Line] = []
        while tag := SPEAKER.search(data):
            lines += self._lines(data[: tag.start()])
            self.by, data = (tag[1] or b"").decode(), data[tag.end() :]
        torn = TORN_SPEAKER.search(data)
        end = torn.start() if torn else len(data)
        *ended, rest = data[:end].split(b"\n")
        *full, rest = _pieces(rest)
        self.rest = rest + data[end:]
        return lines + self._shown([piece for line in ended for piece in _pieces(line)] + full)

    def finish(self) -> list[Line]:
        """Return the last, incomplete line of a worker that has ended."""
        rest, self.rest = self.rest, b""
        return self._lines(rest)

    def _lines(self, data: bytes) -> list[Line]:
        *ended, rest = data.split(b"\n")
        return self._shown([piece for line in (*ended, *([rest] if rest else [])) for piece in _pieces(line)])

    def _shown(self, pieces: list[bytes]) -> list[Line]:
        lines = [Line(visible(piece.decode(errors="backslashreplace").rstrip("\r")), self.by) for piece in pieces]
        self.last.extend(line.text for line in lines[-REMEMBERED_LINES:])
        return lines


def _pieces(line: bytes) -> list[bytes]:
    """Split a line into pieces of bounded length, at least one."""
    return [line[at : at + LONGEST_LINE_BYTES] for at in range(0, max(len(line), 1), LONGEST_LINE_BYTES)]
