"""The value that an engine hands to publishers: plain arrays with names, units and origin."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from livereduce.publish.provenance import Provenance
from livereduce.scripting.reporting.display import AS_IT_IS, Display

MAX_CELLS = 4_000_000
"""Most spectra × bins published as they are (64 MB with errors); a larger result is summed over its spectra."""
MAX_OWN_AXES = 16
"""Most spectra with bins of their own that are published one by one; more are published as their integrals."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Axis:
    """A dimension of a product: bin edges (length n + 1) or points (length n)."""

    name: str
    values: NDArray[np.float64]
    units: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Product:
    """One result: `signal` of shape (len of each axis), `errors` (standard deviations) of the same shape or None.

    Attributes
    ----------
    attributes
        More facts for readers: ``events``, ``proton_charge_pc``, ``incomplete`` (reason, or empty), times.
    provenance
        What it was made of and by; None if that is not known.
    display
        How it wants to be shown.
    labels
        Names of the places along the last axis, for a table; empty without.
    """

    pipeline: str
    run: int
    name: str
    signal: NDArray[np.float64]
    axes: tuple[Axis, ...]
    errors: NDArray[np.float64] | None = None
    units: str = "counts"
    title: str = ""
    attributes: dict[str, float | int | str] = field(default_factory=dict)
    provenance: Provenance | None = None
    display: Display = AS_IT_IS
    labels: tuple[str, ...] = ()

    @property
    def events(self) -> int:
        """Events that it is made of; 0 if it does not say: the file of a product may say anything."""
        try:
            return int(self.attributes.get("events", 0))
        except (ValueError, OverflowError):
            return 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PublishedFigure:
    """A figure that a script has published with a result.

    Attributes
    ----------
    run
        The run that the script has named; perhaps not that of the result.
    text
        HTML, or JSON of plotly.
    data
        The curves and maps in it, as products of the result's run.
    """

    run: int
    text: str
    data: tuple[Product, ...] = ()

    @property
    def is_html(self) -> bool:
        """False for JSON."""
        return not self.text.lstrip().startswith(("{", "["))
