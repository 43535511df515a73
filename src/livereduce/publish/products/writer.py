"""Write products and ends of runs, and keep those that cannot be written yet. Never raises."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from livereduce.publish.failures import Failures, plain
from livereduce.publish.product import Product
from livereduce.publish.products import waiting as queue
from livereduce.publish.products.waiting import End, WaitingWrites

RETRY_S = 5.0
"""Wait before a failed write is tried again."""
PRODUCTS, INDEX, FIGURES = "publish", "index", "figures"
_NEVER = (ValueError, TypeError, KeyError)
"""These mean that this product can never be written; any other error comes from the disk and may pass."""

logger = logging.getLogger("livereduce.publish")


class Publisher(Protocol):
    """Destination of products (`livereduce.publish.products.folder.Products`); every method may raise OSError."""

    def publish(self, product: Product) -> object:
        """Write a product over its predecessor."""

    def figure(self, run: int, html: str) -> object:
        """Write the figure of a script beside the products of a run."""

    def in_run(self, run: int, *, joined: bool) -> None:
        """The stream is in this run (0: in none); `joined`: nothing was reading before."""

    def ended(self, run: int, incomplete: str = "") -> None:
        """Mark the products of a run as final; `incomplete`: what is missing in those without all its data."""

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence on each of the newest runs that were missed, wholly or at their end."""


class Writer:
    """Writes results that come from one thread; `look` may be called from another.

    Parameters
    ----------
    failures
        Takes the problems, as ``publish`` and ``index``.
    clock
        Seconds, monotonic.

    Attributes
    ----------
    gaps
        Number of runs, or series of runs, that were missed or whose end was missed.
    """

    def __init__(self, products: Publisher, failures: Failures, clock: Callable[[], float] = time.monotonic) -> None:
        self._products, self._failures, self._clock = products, failures, clock
        self._waiting = WaitingWrites()
        self._run, self._connection, self._joined = -1, -1, True
        self._run_due_s: float | None = None
        self._lock = threading.Lock()
        self.gaps = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence on each of the newest runs that were missed, wholly or at their end."""
        return self._products.notes

    def publish(self, product: Product) -> bool:
        """Write a product, and older ones that wait if due; return True if it was written."""
        with self._lock:
            older = self._waiting.products if self._waiting.is_due(self._clock()) else ()
            self._waiting = queue.add_product(self._waiting, product)
            held = tuple(one for one in self._waiting.products if any(one is other for other in older))
            self._write((*held, product))
            return queue.is_written(self._waiting, product)

    def figure(self, run: int, html: str) -> None:
        """Write a script's figure; one that cannot be written is given up, since the next cycle brings another."""
        with self._lock:
            self._failures.contain(FIGURES, lambda: self._products.figure(run, html))

    def is_written(self, product: Product) -> bool:
        """Check that no product of its run and name waits, or was given up."""
        with self._lock:
            return queue.is_written(self._waiting, product)

    def ended(self, run: int, incomplete: str = "") -> None:
        """Record the end of a run; `incomplete`: what is missing in products not written with the run's last data."""
        with self._lock:
            self._waiting = queue.add_end(self._waiting, End(run=run, incomplete=incomplete))
            self._close_runs()

    def in_run(self, run: int, connection: int) -> None:
        """Record the run that the stream is in (0: none), as read on the connection of this number.

        Before the first run of a connection nothing was reading: other runs may have passed.
        """
        if (run, connection) == (self._run, self._connection):
            return
        with self._lock:
            self._joined |= connection != self._connection
            self._run, self._connection = run, connection
            self._tell_run()

    def look(self) -> None:
        """Retry failed writes, if due."""
        if not self._lock.acquire(blocking=False):
            return  # a product is being written
        try:
            now = self._clock()
            if self._run_due_s is not None and now >= self._run_due_s:
                self._tell_run()
            if self._waiting.is_due(now):
                self._write(self._waiting.products)
        finally:
            self._lock.release()

    def close(self) -> None:
        """Write waiting data if that is possible now."""
        with self._lock:
            self._write(self._waiting.products)

    def _tell_run(self) -> None:
        run, joined, before = self._run, self._joined, set(self.notes)
        told = self._failures.contain(INDEX, lambda: self._products.in_run(run, joined=joined))
        self._run_due_s = None if told else self._clock() + RETRY_S
        if told and run:
            self._joined = False
        self.gaps += len(set(self.notes) - before)

    def _write(self, products: tuple[Product, ...]) -> None:
        """Write waiting products, and close the runs that are over."""
        problems = [problem for product in products if (problem := self._write_one(product))]
        if problems:
            self._wait()
        if products:
            failed = PRODUCTS in self._failures.now
            self._failures.note(PRODUCTS, problems[0] if problems else "")
            if failed and not problems:
                logger.info("the results that waited for the disk are written now")
        self._close_runs()

    def _write_one(self, product: Product) -> str:
        """Write one product; return why it could not be written, empty on success."""
        try:
            self._products.publish(product)
        except Exception as error:
            logger.debug("run %d: publishing %s", product.run, product.name, exc_info=True)
            if isinstance(error, _NEVER):
                self._waiting = queue.give_up(self._waiting, product, f"its last result cannot be written: {error}")
            return f"{product.name} of run {product.run}: {plain(error)}"
        self._waiting = queue.written(self._waiting, product)
        return ""

    def _close_runs(self) -> None:
        for end in queue.ready_ends(self._waiting):
            if not self._failures.contain(INDEX, partial(self._products.ended, end.run, end.incomplete)):
                self._wait()
                return
            self._waiting = queue.closed(self._waiting, end.run)

    def _wait(self) -> None:
        self._waiting = replace(self._waiting, due_s=self._clock() + RETRY_S)
