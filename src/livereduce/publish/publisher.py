"""Where a result goes: trends, product files, and the live data server if one is configured.

Whatever fails in here is told in `Outlet.problems`, and the reduction goes on.
"""

import math
import time
from datetime import datetime
from pathlib import Path

from livereduce.messages.job import Job
from livereduce.publish.failures import Failures
from livereduce.publish.livedata.sender import Plots
from livereduce.publish.product import Product
from livereduce.publish.products.writer import INDEX, PRODUCTS, Publisher, Writer
from livereduce.publish.trends.recorder import TrendRecorder
from livereduce.publish.trends.trends import Exposure
from livereduce.scripting.metric import take_metrics

TRENDS, PLOTS = "trends", "publish_plots"


class Outlet:
    """One publisher for an engine, that takes with each product what the scripts have reported. Nothing in it raises.

    Parameters
    ----------
    products
        The product files.
    folder
        Of the products, for the trends.
    scripts
        The md5 of proc and post_proc.
    plots
        None: nothing is sent.
    """

    def __init__(self, products: Publisher, folder: Path, scripts: tuple[str, ...], plots: Plots | None = None) -> None:
        self._failures = Failures()
        self._writer = Writer(products, self._failures)
        self._recorder = TrendRecorder(folder, scripts)
        self._plots = plots

    def publish(self, product: Product) -> bool:
        """Write trends and product, and have the plot sent; whether the product was written.

        The index comes last: what it names is there. What cannot be written waits for the disk.
        """
        self._failures.contain(TRENDS, lambda: self._record(product))
        written = self._writer.publish(product)
        if (plots := self._plots) is not None:  # a full disk is no reason to send no plot
            self.seen(product.run, _unix_s(product.attributes.get("last_pulse")))
            self._failures.contain(PLOTS, lambda: plots.offer(product))
        return written

    def ended(self, run: int, incomplete: str = "") -> None:
        """A run is over; `incomplete`: what a product lacks that was not written with the run's last data."""
        self._writer.ended(run, incomplete)

    def in_run(self, run: int, connection: int = 1) -> None:
        """The stream is in a run (0: in none), as the connection of this number says."""
        self._writer.in_run(run, connection)

    def look(self) -> None:
        """Try again what could not be written, if it is time to."""
        self._writer.look()

    def seen(self, run: int, newest_unix_s: float) -> None:
        """The stream has brought a pulse of a run: it goes on, and its plot may be sent."""
        if (plots := self._plots) is not None:
            self._failures.contain(PLOTS, lambda: plots.seen(run, newest_unix_s))

    def close(self) -> None:
        """Write what waits if that is possible now, and send nothing more."""
        self._writer.close()
        if self._plots is not None:
            self._failures.contain(PLOTS, self._plots.close)

    @property
    def gaps(self) -> int:
        """How many runs, or runs in a row, this worker has found to be missed or without their end."""
        return self._writer.gaps

    @property
    def notes(self) -> tuple[str, ...]:
        """The newest runs whose end or whole was missed, one sentence each."""
        return self._writer.notes

    @property
    def problems(self) -> dict[str, str]:
        """What failed the last time: ``publish`` (product files and their index), ``trends``, ``publish_plots``."""
        found = dict(self._failures.now)
        if index := found.pop(INDEX, ""):
            found.setdefault(PRODUCTS, index)
        if self._plots is not None and self._plots.problem:
            found[PLOTS] = self._plots.problem
        return found

    def _record(self, product: Product) -> None:
        """What the scripts have reported in this cycle."""
        facts = product.attributes
        at = Exposure(
            time_unix_s=_unix_s(facts.get("last_pulse")) or time.time(),
            events=int(facts.get("events", 0)),
            charge_pc=float(facts.get("proton_charge_pc", 0.0)),
        )
        if not math.isfinite(at.charge_pc):
            raise ValueError(f"a proton charge of {at.charge_pc} pC")
        self._recorder.record(product.run, _unix_s(facts.get("first_pulse")), at, take_metrics())


def outlet_of(job: Job, products: Publisher) -> Outlet:
    """The outlet of a worker.

    Parameters
    ----------
    products
        Where the product files go.
    """
    scripts = tuple(script.md5 if script else "" for script in (job.proc, job.post_proc))
    plots = Plots(Path(job.publish_config), job.short_name) if job.publish_config else None
    return Outlet(products, Path(job.state_dir) / "products", scripts, plots)


def _unix_s(text: object) -> float:
    """The Unix time of an ISO time, 0 if there is none."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return 0.0
