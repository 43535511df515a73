"""A bar on a terminal, or a line for each step elsewhere."""

import shutil
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

WIDTH = 30


def bar_of(done: int, of: int, failed: int, passed_s: float) -> str:
    """The bar as text, with the time that is left if the rest takes as long as what is done."""
    filled = WIDTH * done // of if of else WIDTH
    left_s = passed_s / done * (of - done) if done else None
    left = "" if left_s is None or done == of else f", about {_span(left_s)} left"
    fails = f", {failed} failed" if failed else ""
    return f"[{'#' * filled}{'-' * (WIDTH - filled)}] {done} of {of}{fails}{left}"


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


class ProgressBar:
    """Shows how far a number of steps is; a context."""

    def __init__(self, of: int, out: TextIO, clock: Callable[[], float]) -> None:
        self._of, self._out, self._clock = of, out, clock
        self._begun_s = clock()
        self._done = self._failed = 0
        self._is_drawn = False

    def __enter__(self) -> Self:
        self._draw()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wipe()

    def done(self, what: str, seconds: float, *, failed: bool) -> None:
        """One more step is done."""
        self._done += 1
        self._failed += failed
        if failed or not self._out.isatty():
            self._wipe()
            print(f"{'FAILED  ' if failed else ''}{what} ({seconds:.1f} s)", file=self._out, flush=True)
        self._draw()

    def _draw(self) -> None:
        if not self._out.isatty():
            return
        text = bar_of(self._done, self._of, self._failed, self._clock() - self._begun_s)
        columns = shutil.get_terminal_size().columns
        self._out.write(f"\r\x1b[K{text[: columns - 1]}")
        self._out.flush()
        self._is_drawn = True

    def _wipe(self) -> None:
        if self._is_drawn:
            self._out.write("\r\x1b[K")
            self._is_drawn = False
