"""Publish a result: a fan-out to trends, product files, and the live data server if one is configured.

The sinks are called one after the other. Each is contained: one that fails keeps the result from no other. Each is
timed: one that is too slow is skipped for a while. A failure is reported in `Outlet.problems`, and the reduction goes
on.
"""

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from livereduce.messages.job import Job
from livereduce.publish.failures import Failures
from livereduce.publish.livedata.sender import PlotUploader
from livereduce.publish.product import Product, PublishedFigure
from livereduce.publish.products.writer import FIGURES, INDEX, PRODUCTS, Publisher, Writer
from livereduce.publish.runs.scripts import by_name, encode_scripts
from livereduce.publish.sinks import (
    FILES,
    Closing,
    FileSink,
    InRun,
    NewResult,
    PlotSink,
    PublishFact,
    PulseSeen,
    RetryDue,
    RunOver,
    Sink,
    TrendSink,
)
from livereduce.publish.trends.recorder import TrendRecorder
from livereduce.scripting.reporting.report import ReportedMetric

SLOW_S = 10.0
"""A sink that takes longer for one result holds up the reduction: writing a large product takes about a second."""
REST = 9.0
"""A slow sink that can miss a result is skipped for this many times its duration: it costs a tenth of the time at
most."""

logger = logging.getLogger("livereduce.publish")


class Outlet:
    """The publisher of an engine: gives each result, and the edges of runs, to every sink. Never raises.

    Parameters
    ----------
    writer
        Keeps the product files; one of the sinks writes through it.
    sinks
        In the order in which they get a result.
    clock
        Seconds, monotonic.

    Attributes
    ----------
    seconds
        Time that each sink took for its last result.
    """

    def __init__(
        self,
        writer: Writer,
        sinks: Sequence[Sink],
        failures: Failures,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._writer, self._sinks, self._failures, self._clock = writer, tuple(sinks), failures, clock
        self._rests_until = dict.fromkeys((sink.name for sink in sinks), float("-inf"))
        self.seconds = dict.fromkeys((sink.name for sink in sinks), 0.0)

    def publish(
        self,
        product: Product,
        reported: Sequence[ReportedMetric] = (),
        figures: Sequence[PublishedFigure] = (),
        beside: Sequence[Product] = (),
    ) -> bool:
        """Give a result, and the scripts' own products beside it, to every sink; return True if the result was written.

        The index is written last, so that everything it names exists. Failed writes wait for the disk.
        """
        self._fan_out(NewResult(product=product, reported=reported, figures=figures, beside=beside))
        return self._writer.is_written(product)

    def ended(self, run: int, incomplete: str = "") -> None:
        """Record the end of a run; `incomplete`: what is missing in products not written with the run's last data."""
        self._fan_out(RunOver(run=run, incomplete=incomplete))

    def in_run(self, run: int, connection: int = 1) -> None:
        """Record the run that the stream is in (0: none), as read on the connection of this number."""
        self._fan_out(InRun(run=run, connection=connection))

    def look(self) -> None:
        """Retry failed writes, if due."""
        self._fan_out(RetryDue())

    def seen(self, run: int, newest_unix_s: float) -> None:
        """Record a pulse of a run from the stream: the run goes on, so its plot may be sent."""
        self._fan_out(PulseSeen(run=run, newest_unix_s=newest_unix_s))

    def close(self) -> None:
        """Write waiting data if that is possible now, and send nothing more."""
        self._fan_out(Closing())

    @property
    def gaps(self) -> int:
        """Number of runs, or series of runs, that this worker found to be missed or without their end."""
        return self._writer.gaps

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence on each of the newest runs that were missed, wholly or at their end."""
        return self._writer.notes

    @property
    def problems(self) -> dict[str, str]:
        """Last failures: ``publish`` (product files and their index), ``trends``, ``publish_plots``."""
        found = dict(self._failures.now)
        for name in (INDEX, FILES, FIGURES):
            if problem := found.pop(name, ""):
                found.setdefault(PRODUCTS, problem)
        return found | {sink.name: sink.problem for sink in self._sinks if sink.problem}

    def _fan_out(self, fact: PublishFact) -> None:
        for sink in self._sinks:
            if not isinstance(fact, sink.takes):
                continue
            if isinstance(fact, NewResult):
                self._give_result(sink, fact)
            else:
                self._failures.contain(sink.name, partial(sink.take, fact))

    def _give_result(self, sink: Sink, fact: NewResult) -> None:
        begun_s = self._clock()
        if sink.can_miss and begun_s < self._rests_until[sink.name]:
            return
        self._failures.contain(sink.name, partial(sink.take, fact))
        took_s = self.seconds[sink.name] = self._clock() - begun_s
        if took_s > SLOW_S:
            logger.warning("%s took %.0f s for one result%s", sink.name, took_s, _rest(sink, took_s))
            self._rests_until[sink.name] = self._clock() + REST * took_s


def _rest(sink: Sink, took_s: float) -> str:
    return f"; it gets no results for the next {REST * took_s:.0f} s" if sink.can_miss else ""


def outlet_of(job: Job, products: Publisher) -> Outlet:
    """Make the publisher of a worker.

    Parameters
    ----------
    products
        Destination of the product files.
    """
    scripts = tuple(script.md5 if script else "" for script in (job.proc, job.post_proc))
    parameters = (job.parameters.version,) if job.parameters else ()
    md5s = (*scripts, *(module.md5 for module in job.modules), *parameters)
    failures = Failures()
    writer = Writer(products, failures)
    sinks: list[Sink] = [
        TrendSink(TrendRecorder(Path(job.state_dir) / "products", md5s)),
        FileSink(writer, encode_scripts(by_name(job.files))),
    ]
    if job.publish_config:
        sinks.append(PlotSink(PlotUploader(Path(job.publish_config), job.short_name)))
    return Outlet(writer, sinks, failures)
