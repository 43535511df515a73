"""Values as they are published: a part of a workspace, or all of something smaller."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from livereduce.publish.product import Axis


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShownPart:
    """A part of a workspace as it is published; one of several has a suffix to its name.

    Attributes
    ----------
    labels
        Names of the places along the last axis, for a table; empty without.
    facts
        More attributes of the product.
    """

    signal: NDArray[np.float64]
    axes: tuple[Axis, ...]
    errors: NDArray[np.float64] | None
    units: str
    suffix: str = ""
    labels: tuple[str, ...] = ()
    facts: dict[str, float | int | str] = field(default_factory=dict)
