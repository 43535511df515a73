"""What the operations do to values and errors.

Sources: Mantid Framework/Algorithms/src/{Plus,Minus,Multiply,Divide}.cpp, Framework/DataObjects/src/EventList.cpp.
"""

from enum import Enum
from typing import Any

import numpy as np

from livereduce.stream.items import F8


class Operation(Enum):
    """The operations, by the names of Mantid's algorithms."""

    PLUS = "Plus"
    MINUS = "Minus"
    MULTIPLY = "Multiply"
    DIVIDE = "Divide"
    LESS_THAN = "LessThan"
    GREATER_THAN = "GreaterThan"

    @property
    def is_sum(self) -> bool:
        """True if both sides need the same unit, and events are joined."""
        return self in (Operation.PLUS, Operation.MINUS)

    @property
    def is_comparison(self) -> bool:
        """True if the result is 0 or 1, without errors; events are counted."""
        return self in (Operation.LESS_THAN, Operation.GREATER_THAN)

    @property
    def commutes(self) -> bool:
        """True if the sides may be exchanged."""
        return self in (Operation.PLUS, Operation.MULTIPLY)


def of_values(operation: Operation, y1: F8, e1: F8, y2: Any, e2: Any) -> tuple[F8, F8]:
    """Values and errors of histograms; division by 0 gives infinity or NaN, as in Mantid."""
    if operation is Operation.PLUS:
        return y1 + y2, np.sqrt(e1 * e1 + e2 * e2)
    if operation is Operation.MINUS:
        return y1 - y2, np.sqrt(e1 * e1 + e2 * e2)
    if operation.is_comparison:
        smaller, greater = (y1, y2) if operation is Operation.LESS_THAN else (y2, y1)
        return (smaller < greater).astype(np.float64), np.zeros_like(y1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if operation is Operation.MULTIPLY:
            return y1 * y2, np.sqrt((e1 * y2) ** 2 + (e2 * y1) ** 2)
        return y1 / y2, np.sqrt(e1 * e1 + (y1 * e2 / y2) ** 2) / np.abs(y2)


def of_weights(operation: Operation, weight: F8, variance: F8, y: F8, e: F8) -> tuple[F8, F8]:
    """Weights and squared errors of events × or ÷ a value each; a divisor of 0 gives NaN, as in Mantid."""
    if operation is Operation.MULTIPLY:
        return weight * y, variance * y * y + weight * weight * e * e
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        inverse = np.where(y == 0, np.nan, 1 / y)
        relative = e * inverse
        return weight * inverse, (variance + (weight * relative) ** 2) * inverse * inverse
