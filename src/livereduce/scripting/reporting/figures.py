"""Figures that the processing scripts publish: from the script's call to the publisher of the cycle's result.

`report` beside it says how a call finds its cycle. Standard library only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from livereduce.scripting.reporting.display import AS_IT_IS, Display

MAX_FIGURES = 20
"""Most figures of a cycle; the newest are kept."""
MAX_CHARACTERS = 32 << 20
"""Most characters of a figure: a heat map of a million cells has 10 million."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FigureData:
    """A curve or a map within a figure, in whatever arrays the script has.

    Attributes
    ----------
    axes
        Name and values of each dimension.
    """

    name: str
    signal: Any
    axes: tuple[tuple[str, Any], ...]
    errors: Any = None
    title: str = ""
    display: Display = AS_IT_IS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScriptFigure:
    """A figure as text, for a run as the script names it; what it shows, as far as the script has said."""

    run: int
    text: str
    data: Sequence[FigureData] = ()
