"""What a worker prints, cut into lines and kept within bounds. Pure; the pipe is read in `daemon.spawn`."""

from collections import deque
from dataclasses import dataclass, field

LONGEST_LINE_BYTES = 4096
WINDOW_S = 60.0
BYTES_PER_WINDOW = 1 << 20
"""A script that prints in a loop must not fill the disk that the log is on."""
REMEMBERED_LINES = 20


@dataclass(slots=True, kw_only=True)
class Output:
    """The lines of one worker: what is still without an end, what this minute has had, and the last ones.

    The last lines are kept also when they are beyond the bound of the log: they say why a worker died.
    """

    rest: bytes = b""
    window_start: float = 0.0
    taken_bytes: int = 0
    left_out: int = 0
    last: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED_LINES))

    def feed(self, data: bytes, now: float) -> list[str]:
        """Whole lines for the log."""
        *ended, rest = (self.rest + data).split(b"\n")
        *full, self.rest = _pieces(rest)
        return self._bounded([piece for line in ended for piece in _pieces(line)] + full, now)

    def finish(self, now: float) -> list[str]:
        """What the worker left without an end of line, and how much was left out."""
        lines, self.rest = ([self.rest] if self.rest else []), b""
        return self._bounded(lines, now) + self._close_window(now)

    def _bounded(self, lines: list[bytes], now: float) -> list[str]:
        for_log = self._close_window(now) if now - self.window_start >= WINDOW_S else []
        for line in lines:
            text = line.decode(errors="backslashreplace").rstrip("\r")
            self.last.append(text)
            self.taken_bytes += len(line)
            if self.taken_bytes <= BYTES_PER_WINDOW:
                for_log.append(text)
            else:
                self.left_out += 1
        return for_log

    def _close_window(self, now: float) -> list[str]:
        left_out, self.left_out = self.left_out, 0
        self.window_start, self.taken_bytes = now, 0
        return [f"({left_out} more lines of output were left out)"] if left_out else []


def _pieces(line: bytes) -> list[bytes]:
    """A line in pieces of bearable length, at least one."""
    return [line[at : at + LONGEST_LINE_BYTES] for at in range(0, max(len(line), 1), LONGEST_LINE_BYTES)]
