"""Where a result goes: trends, product files, and the live data server if one is configured."""

import math
import time
from datetime import datetime
from pathlib import Path
from typing import Protocol

from livereduce.link import Job
from livereduce.metrics import take_metrics
from livereduce.publish.plots import Plots
from livereduce.publish.product import Product
from livereduce.publish.recorder import TrendRecorder
from livereduce.publish.trends import Exposure


class Publisher(Protocol):
    """Where products go (`livereduce.publish.products.Products`)."""

    def publish(self, product: Product) -> object:
        """Write a product in the place of its predecessor."""

    def ended(self, run: int) -> None:
        """The products of a run are final."""


class Outlet:
    """One publisher for an engine, that takes with each product what the scripts have reported.

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

    Attributes
    ----------
    problems
        What failed the last time beside the product itself: ``trends``, ``publish_plots``.
    """

    def __init__(self, products: Publisher, folder: Path, scripts: tuple[str, ...], plots: Plots | None = None) -> None:
        self._products = products
        self._recorder = TrendRecorder(folder, scripts)
        self._plots = plots
        self._trends_problem = ""

    def publish(self, product: Product) -> None:
        """Write trends and product, and have the plot sent. The index comes last: what it names is there.

        Raises
        ------
        Exception
            What the product's publisher raises.
        """
        self._record(product)
        try:
            self._products.publish(product)
        finally:  # a full disk is no reason to send no plot
            if self._plots is not None:
                self._plots.seen(product.run, _unix_s(product.attributes.get("last_pulse")))
                self._plots.offer(product)

    def ended(self, run: int) -> None:
        """The products of a run are final."""
        self._products.ended(run)

    def seen(self, run: int, newest_unix_s: float) -> None:
        """The stream has brought a pulse of a run: it goes on, and its plot may be sent."""
        if self._plots is not None:
            self._plots.seen(run, newest_unix_s)

    def close(self) -> None:
        """Send nothing more."""
        if self._plots is not None:
            self._plots.close()

    @property
    def problems(self) -> dict[str, str]:
        """See the class."""
        sending = self._plots.problem if self._plots is not None else ""
        found = {"trends": self._trends_problem, "publish_plots": sending}
        return {what: text for what, text in found.items() if text}

    def _record(self, product: Product) -> None:
        """What the scripts have reported in this cycle; an obstacle is no reason to keep the product back."""
        facts = product.attributes
        try:
            at = Exposure(
                time_unix_s=_unix_s(facts.get("last_pulse")) or time.time(),
                events=int(facts.get("events", 0)),
                charge_pc=float(facts.get("proton_charge_pc", 0.0)),
            )
            if not math.isfinite(at.charge_pc):
                raise ValueError(f"a proton charge of {at.charge_pc} pC")
            self._recorder.record(product.run, _unix_s(facts.get("first_pulse")), at, take_metrics())
        except (OSError, ValueError) as error:
            self._trends_problem = f"{type(error).__name__}: {error}"
        else:
            self._trends_problem = ""


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
