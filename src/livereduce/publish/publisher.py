"""Publish a result: trends, product files, and the live data server if one is configured.

A failure in here is reported in `Outlet.problems`, and the reduction goes on.
"""

import math
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from livereduce.messages.job import Job
from livereduce.publish.failures import Failures
from livereduce.publish.livedata.sender import Plots
from livereduce.publish.product import Product
from livereduce.publish.products.writer import INDEX, PRODUCTS, Publisher, Writer
from livereduce.publish.trends.recorder import TrendRecorder
from livereduce.publish.trends.trends import Exposure
from livereduce.scripting.metric import ReportedMetric

TRENDS, PLOTS = "trends", "publish_plots"


class Outlet:
    """The publisher of an engine: takes each product with what the scripts have reported. Never raises.

    Parameters
    ----------
    products
        Destination of the product files.
    folder
        Folder of the products, for the trends.
    scripts
        The md5 of proc and post_proc.
    plots
        Sends the plots; None: no plots are sent.
    """

    def __init__(self, products: Publisher, folder: Path, scripts: tuple[str, ...], plots: Plots | None = None) -> None:
        self._failures = Failures()
        self._writer = Writer(products, self._failures)
        self._recorder = TrendRecorder(folder, scripts)
        self._plots = plots

    def publish(self, product: Product, reported: Sequence[ReportedMetric] = ()) -> bool:
        """Write trends and product, and queue the plot; return True if the product was written.

        The index is written last, so that everything it names exists. Failed writes wait for the disk.
        """
        self._failures.contain(TRENDS, lambda: self._record(product, reported))
        written = self._writer.publish(product)
        if (plots := self._plots) is not None:  # a full disk is no reason not to send the plot
            self.seen(product.run, _unix_s(product.attributes.get("last_pulse")))
            self._failures.contain(PLOTS, lambda: plots.offer(product))
        return written

    def ended(self, run: int, incomplete: str = "") -> None:
        """Record the end of a run; `incomplete`: what is missing in products not written with the run's last data."""
        self._writer.ended(run, incomplete)

    def in_run(self, run: int, connection: int = 1) -> None:
        """Record the run that the stream is in (0: none), as read on the connection of this number."""
        self._writer.in_run(run, connection)

    def look(self) -> None:
        """Retry failed writes, if due."""
        self._writer.look()

    def seen(self, run: int, newest_unix_s: float) -> None:
        """Record a pulse of a run from the stream: the run goes on, so its plot may be sent."""
        if (plots := self._plots) is not None:
            self._failures.contain(PLOTS, lambda: plots.seen(run, newest_unix_s))

    def close(self) -> None:
        """Write waiting data if that is possible now, and send nothing more."""
        self._writer.close()
        if self._plots is not None:
            self._failures.contain(PLOTS, self._plots.close)

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
        if index := found.pop(INDEX, ""):
            found.setdefault(PRODUCTS, index)
        if self._plots is not None and self._plots.problem:
            found[PLOTS] = self._plots.problem
        return found

    def _record(self, product: Product, reported: Sequence[ReportedMetric]) -> None:
        """Record the metrics that the scripts reported in this cycle."""
        facts = product.attributes
        at = Exposure(
            time_unix_s=_unix_s(facts.get("last_pulse")) or time.time(),
            events=int(facts.get("events", 0)),
            charge_pc=float(facts.get("proton_charge_pc", 0.0)),
        )
        if not math.isfinite(at.charge_pc):
            raise ValueError(f"a proton charge of {at.charge_pc} pC")
        self._recorder.record(product.run, _unix_s(facts.get("first_pulse")), at, reported)


def outlet_of(job: Job, products: Publisher) -> Outlet:
    """Make the publisher of a worker.

    Parameters
    ----------
    products
        Destination of the product files.
    """
    scripts = tuple(script.md5 if script else "" for script in (job.proc, job.post_proc))
    plots = Plots(Path(job.publish_config), job.short_name) if job.publish_config else None
    return Outlet(products, Path(job.state_dir) / "products", scripts, plots)


def _unix_s(text: object) -> float:
    """Convert an ISO time to Unix time; 0 if there is none."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return 0.0
