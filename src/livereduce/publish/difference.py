"""The difference between two results, as of two attempts or of shadow and service, in units of their errors. Pure.

Both results are usually made of the same events, so their errors are not independent: a deviation tells where they
differ and whether it matters, not how likely it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from livereduce.publish.product import Axis, Product

CLOSE = 1e-9
"""Axes are the same if their values differ relatively by less than this."""

Sides = tuple[str, str]
"""Where ours and theirs are, in words."""

HERE: Sides = ("here", "there")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Difference:
    """The difference between two results of one name.

    Attributes
    ----------
    problem
        Why they cannot be compared value by value; empty if they can.
    deviation
        (ours - theirs) / sqrt(ours' errors² + theirs²), shape of the results; NaN where that is not defined: without
        errors, or where one is no number.
    compared, differ
        Number of values that could be compared, and of those that are not equal.
    worst, worst_at
        The largest deviation (with its sign), and where it is, in words.
    largest
        The largest absolute difference, in the units of the result.
    chi2_per_n
        Mean of the squared deviations; None without any.
    events
        Events that ours and theirs are made of.
    sides
        Where ours and theirs are, in words.
    """

    name: str
    problem: str = ""
    deviation: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    axes: tuple[Axis, ...] = ()
    compared: int = 0
    differ: int = 0
    worst: float = 0.0
    worst_at: str = ""
    largest: float = 0.0
    chi2_per_n: float | None = None
    events: tuple[int, int] = (0, 0)
    sides: Sides = HERE

    @property
    def is_none(self) -> bool:
        """Both are the same, value by value."""
        return not self.problem and not self.differ


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """All results of two attempts: those of the same name, and the names that only one of them has."""

    differences: tuple[Difference, ...] = ()
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()


def compare_all(ours: Sequence[Product], theirs: Sequence[Product]) -> Comparison:
    """Compare results by name; `missing` are those that only the others have."""
    mine, other = _by_name(ours), _by_name(theirs)
    return Comparison(
        differences=tuple(compare(mine[name], other[name]) for name in mine if name in other),
        missing=tuple(name for name in other if name not in mine),
        extra=tuple(name for name in mine if name not in other),
    )


def _by_name(products: Sequence[Product]) -> Mapping[str, Product]:
    return {product.name: product for product in products}


def compare(ours: Product, theirs: Product, sides: Sides = HERE) -> Difference:
    """Compare two results value by value."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # scripts may make any numbers
        return _compared(ours, theirs, sides)


def in_words(one: Difference) -> tuple[str, ...]:
    """The difference in some lines for people."""
    if one.problem:
        return (f"cannot be compared: {one.problem}",)
    (ours, theirs), (here, there) = one.events, one.sides
    events = "" if ours == theirs else f" ({ours:,} events {here}, {theirs:,} {there})"
    if one.is_none:
        return (f"the same, value by value{events}",)
    at = f" at {one.worst_at}" if one.worst_at else ""
    if one.chi2_per_n is None:
        most = f"most by {one.largest:.6g}{at}; there are no errors to compare with"
    else:
        most = f"most by {one.worst:+.3g} sigma{at}; chi2/n {one.chi2_per_n:.3g}"
    return f"{one.differ:,} of {one.compared:,} values differ{events}", most


def _compared(ours: Product, theirs: Product, sides: Sides) -> Difference:
    events = (int(ours.attributes.get("events", 0)), int(theirs.attributes.get("events", 0)))
    if problem := _incomparable(ours, theirs, *sides):
        return Difference(name=ours.name, problem=problem, events=events, sides=sides)
    known = np.isfinite(ours.signal) & np.isfinite(theirs.signal)
    difference = np.where(known, ours.signal - theirs.signal, 0.0)
    one_sided = np.isfinite(ours.signal) != np.isfinite(theirs.signal)
    deviation = _deviation(difference, known, ours, theirs)
    there = np.isfinite(deviation)
    worst = int(np.nanargmax(np.abs(deviation))) if there.any() else int(np.argmax(np.abs(difference)))
    return Difference(
        name=ours.name,
        deviation=deviation,
        axes=ours.axes,
        compared=int(np.count_nonzero(known)),
        differ=int(np.count_nonzero(difference)) + int(np.count_nonzero(one_sided)),
        worst=float(deviation.flat[worst]) if there.any() else 0.0,
        worst_at=_place(worst, ours) if np.any(difference) else "",
        largest=float(np.abs(difference).max(initial=0.0)),
        chi2_per_n=float(np.mean(deviation[there] ** 2)) if there.any() else None,
        events=events,
        sides=sides,
    )


def _incomparable(ours: Product, theirs: Product, here: str, there: str) -> str:
    if ours.signal.shape != theirs.signal.shape:
        return f"shape {_shape(ours)} {here}, {_shape(theirs)} {there}"
    if not ours.signal.size:
        return "it has no values"
    if ours.units != theirs.units:
        return f"in {ours.units or 'no units'} {here}, in {theirs.units or 'no units'} {there}"
    for mine, other in zip(ours.axes, theirs.axes, strict=True):
        if (mine.name, mine.units, mine.values.shape) != (other.name, other.units, other.values.shape):
            return f"over {_axis(mine)} {here}, over {_axis(other)} {there}"
        if not np.allclose(mine.values, other.values, rtol=CLOSE, atol=0.0, equal_nan=True):
            return f"the values of the axis {mine.name} differ"
    return ""


def _deviation(
    difference: NDArray[np.float64], known: NDArray[np.bool_], ours: Product, theirs: Product
) -> NDArray[np.float64]:
    variance = sum((one.errors**2 for one in (ours, theirs) if one.errors is not None), np.zeros(difference.shape))
    deviation = np.where(difference == 0.0, 0.0, difference / np.sqrt(variance))
    return np.where(known & np.isfinite(deviation) & (variance > 0), deviation, np.nan)


def _place(at: int, product: Product) -> str:
    """The place of a value in words: by its axes."""
    where = np.unravel_index(at, product.signal.shape)
    parts = zip(product.axes, where, product.signal.shape, strict=True)
    return ", ".join(_at(axis, int(k), length) for axis, k, length in parts)


def _at(axis: Axis, k: int, length: int) -> str:
    value = (axis.values[k] + axis.values[k + 1]) / 2 if len(axis.values) == length + 1 else axis.values[k]
    return f"{axis.name} {value:.6g}{' ' + axis.units if axis.units else ''}"


def _shape(product: Product) -> str:
    return " × ".join(map(str, product.signal.shape)) or "a single value"


def _axis(axis: Axis) -> str:
    return f"{axis.name} ({axis.units or 'no units'}, {len(axis.values)} values)"
