"""Upload the newest results to the facility's live data server, in the background.

A thread of the worker: results are passed by reference and drawn there, so the reduction waits neither for the server
nor for a plot. Of several results that come meanwhile only the last is sent. The thread is a daemon thread: it never
keeps the worker from exiting, whatever the server does.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from livereduce.base.errors import OperatorError
from livereduce.config.livedata import Publication, read_publication
from livereduce.publish.livedata import schedule
from livereduce.publish.livedata.figure import div_of
from livereduce.publish.livedata.schedule import UploadSchedule
from livereduce.publish.livedata.upload import UploadFailed, upload
from livereduce.publish.product import Product, PublishedFigure

logger = logging.getLogger("livereduce.publish")

TIMEOUT_S = 20.0
"""Timeout of one whole upload."""
LOOK_S = 0.5
"""How often to check whether a plot may be sent now."""
LEAVE_S = 0.2
"""Time for a sender that is not in the middle of an upload to end."""

Send = Callable[[Publication, str, int, str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    text: str
    ours: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _RunPlots:
    """What is to be shown of a run: the figure of a script, and products by name, one below the other."""

    products: Mapping[str, Product] = field(default_factory=dict)
    figure: str = ""

    def body(self, instrument: str) -> str:
        # the server takes for HTML what begins with <div, and stores all else as JSON
        if self.figure and not (self.products and self.figure.startswith("<div")):
            return self.figure
        below = div_of(list(self.products.values()), instrument)
        return f"<div>{self.figure}{below}</div>" if self.figure else below


class PlotUploader:
    """Plots to be sent, and the thread that sends them.

    Parameters
    ----------
    configuration
        Configuration file of the live data server, see `livereduce.config.livedata`; read again for each upload.
    instrument
        Its name on the server: letters, digits and ``_``.

    Attributes
    ----------
    problem
        Why the last upload failed; empty if it succeeded.
    """

    def __init__(self, configuration: Path, instrument: str, send: Send = upload, timeout_s: float = TIMEOUT_S) -> None:
        self._configuration, self._instrument = configuration, instrument
        self._send, self._timeout_s = send, timeout_s
        self._changed = threading.Condition()
        self._schedule = UploadSchedule()
        self._plots: dict[int, _RunPlots] = {}
        self._closed = False
        self._thread: threading.Thread | None = None
        self.problem = ""

    def offer(self, product: Product) -> None:
        """Queue a result, in place of a figure or an earlier one of the same run and name. Does not block."""
        with self._changed:
            before = self._plots.get(product.run, _RunPlots())
            self._wait_with(product.run, _RunPlots(products={**before.products, product.name: product}))

    def offer_beside(self, product: Product) -> None:
        """Queue a product that is shown below the result, or below the figure of a script. Does not block."""
        with self._changed:
            before = self._plots.get(product.run, _RunPlots())
            self._wait_with(product.run, replace(before, products={**before.products, product.name: product}))

    def offer_figure(self, figure: PublishedFigure) -> None:
        """Queue what a script has drawn of a run, in place of what was queued before. Does not block."""
        text = f"<div>{figure.text}</div>" if figure.is_html else figure.text
        with self._changed:
            self._wait_with(figure.run, _RunPlots(figure=text))

    def _wait_with(self, run: int, plots: _RunPlots) -> None:
        self._schedule = schedule.offered(self._schedule, run)
        self._plots[run] = plots
        self._forget()
        if self._thread is None and self._schedule.waiting and not self._closed:
            self._thread = threading.Thread(target=self._work, name="plots", daemon=True)
            self._thread.start()
        self._changed.notify()

    def seen(self, run: int, newest_unix_s: float) -> None:
        """Record a pulse of a run from the stream, with its time. Does not block."""
        with self._changed:
            self._schedule = schedule.seen(self._schedule, run, newest_unix_s)
            self._forget()

    def close(self) -> None:
        """Send nothing more; an upload in progress may finish but is not waited for."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(LEAVE_S)

    def _forget(self) -> None:
        for run in self._plots.keys() - set(self._schedule.waiting):
            del self._plots[run]

    def _work(self) -> None:
        while (order := self._next()) is not None:
            run, plots = order
            failure = self._attempt(run, plots)
            with self._changed:
                self._note(run, plots, failure)

    def _next(self) -> tuple[int, _RunPlots] | None:
        """Wait for the next run to send, with its plots; None once closed."""
        with self._changed:
            while not self._closed:
                run = schedule.next_run(self._schedule, time.monotonic(), time.time())
                if run is not None:
                    return run, self._plots[run]
                self._changed.wait(LOOK_S if self._schedule.waiting else None)
        return None

    def _attempt(self, run: int, plots: _RunPlots) -> _Failure | None:
        try:
            publication = read_publication(self._configuration)
        except OperatorError as error:
            return _Failure(text=str(error), ours=True)
        try:
            self._send(publication, self._instrument, run, plots.body(self._instrument), self._timeout_s)
        except UploadFailed as error:
            return _Failure(text=str(error), ours=error.ours)
        except Exception as error:  # noqa: BLE001 (the boundary of one publish)
            text = publication.without_password(f"the plot of run {run}: {type(error).__name__}: {error}")
            return _Failure(text=text, ours=True)
        return None

    def _note(self, run: int, plots: _RunPlots, failure: _Failure | None) -> None:
        now = time.monotonic()
        if failure is not None:
            self._schedule = schedule.failed(self._schedule, now, ours=failure.ours)
            if failure.text != self.problem:
                wait_s = self._schedule.not_before - now
                logger.warning("cannot send a plot: %s; trying again in %.0f s", failure.text, wait_s)
            self.problem = failure.text
            return
        outdated = self._plots.get(run, plots) is not plots
        self._schedule = schedule.sent(self._schedule, run, now, outdated=outdated)
        self._forget()
        if self.problem:
            logger.info("plots can be sent again")
        self.problem = ""
