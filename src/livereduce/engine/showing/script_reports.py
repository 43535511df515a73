"""The reports of scripts, cycle by cycle: what is published with a result, and what their author is told."""

from collections.abc import Callable
from typing import Any

from livereduce.engine.complaints import ComplaintLog
from livereduce.engine.showing.script_products import ScriptProducts
from livereduce.engine.showing.taken import Parts, TakenProduct, taken
from livereduce.publish.product import Product
from livereduce.scripting.parameters.asking import RunParameters
from livereduce.scripting.reporting.display import Display
from livereduce.scripting.reporting.report import CycleReport


class ScriptReports:
    """The report of the running cycle, and what is known of those before.

    Parameters
    ----------
    workspace_parts
        Parts of a workspace of the engine; None for anything else.

    Attributes
    ----------
    report
        Of this cycle; for each call of its scripts.
    """

    def __init__(self, workspace_parts: Callable[[Any], Parts | None]) -> None:
        self._workspace_parts = workspace_parts
        self._products, self._complaints = ScriptProducts(), ComplaintLog()
        self.begin()

    def begin(self, parameters: RunParameters | None = None) -> None:
        """Begin the report of another cycle, whose scripts may ask for these parameters."""
        self.report = CycleReport(self._take, parameters)

    def complain(self, run: int) -> str:
        """Tell what of this report is not usable; return the newest complaint, with file and line, or nothing."""
        self._complaints.take(run, self.report.complaints)
        return self._complaints.newest

    @property
    def newest(self) -> str:
        """The newest complaint of the last cycle; empty if it gave no reason to."""
        return self._complaints.newest

    def beside(self, result: Product) -> tuple[Product, ...]:
        """The products of this cycle, to be published beside its result."""
        return self._products.published(self.report.products, result)

    def _take(self, data: Any, display: Display) -> TakenProduct:
        return taken(data, display, self._workspace_parts)
