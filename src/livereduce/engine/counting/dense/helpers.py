"""Threads that help with compiled loops, for as long as one call takes.

None is left when a script runs: a script may fork, and a thread that lives on in its parent would harm the child.
Starting one takes less than a tenth of a millisecond.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from threading import Thread
from typing import Generic, TypeVar

from livereduce.base.machine import usable_cores

MOST_THREADS = 4
"""The rest of the machine stays for others."""
Result = TypeVar("Result")


@cache
def most_threads() -> int:
    """Threads that may count at the same time, the caller's among them; asked once in a process."""
    return min(MOST_THREADS, usable_cores())


@dataclass(frozen=True, slots=True)
class Together(Generic[Result]):
    """What tasks have returned that were done at the same time.

    Attributes
    ----------
    seconds
        CPU time of the busiest thread: what it takes where each has a core, whatever else the machine does now.
    """

    results: list[Result]
    seconds: float


def together(tasks: Sequence[Callable[[], Result]]) -> Together[Result]:
    """Do tasks at the same time, the first of them in this thread.

    All have ended when it returns, or raises what one of them has raised. Where no thread can be started, this one
    does them all.
    """
    first, *others = tasks
    given = [_Given(task) for task in others]
    begun_s = time.thread_time()
    try:
        own = first()
    finally:
        seconds = time.thread_time() - begun_s
        for other in given:
            other.join()
    return Together([own, *(other.future.result() for other in given)], max([seconds, *(g.seconds for g in given)]))


class _Given(Generic[Result]):
    """A task given to a thread of its own."""

    def __init__(self, task: Callable[[], Result]) -> None:
        self.future: Future[Result] = Future()
        self.seconds = 0.0
        self._task = task
        self._thread: Thread | None = Thread(target=self._do, name="counting")
        try:
            self._thread.start()
        except RuntimeError:  # the limit of threads is reached
            self._thread = None
            self._do()

    def join(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _do(self) -> None:
        begun_s = time.thread_time()
        try:
            self.future.set_result(self._task())
        except BaseException as error:  # noqa: BLE001 (raised again in the thread that has given it)
            self.future.set_exception(error)
        self.seconds = time.thread_time() - begun_s
