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
        Number of values that are finite in both, and of those that are not equal.
    one_sided
        Number of values where one is NaN or infinite, and the other is not the same.
    without_errors
        Number of those that differ and have no deviation.
    worst
        The largest deviation of a value that differs, with its sign; 0 if none of these has one.
    worst_at
        Where it is, in words; if there is none, where the largest difference is. Empty if nothing differs.
    largest
        The largest absolute difference, in the units of the result.
    chi2_per_n
        Mean of the squared deviations; None without any, or if no value that differs has one.
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
    one_sided: int = 0
    without_errors: int = 0
    worst: float = 0.0
    worst_at: str = ""
    largest: float = 0.0
    chi2_per_n: float | None = None
    events: tuple[int, int] = (0, 0)
    sides: Sides = HERE

    @property
    def is_none(self) -> bool:
        """Both are the same, value by value."""
        return not self.problem and not self.differ and not self.one_sided


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
    if not one.differ:
        return (f"in {one.one_sided:,} of {one.deviation.size:,} values one side is NaN or infinite{events}",)
    lines = [f"{one.differ:,} of {one.compared:,} values differ{events}", _most(one)]
    if one.without_errors and one.chi2_per_n is not None:
        lines += [f"{one.without_errors:,} of them have no errors to compare with"]
    if one.one_sided:
        lines += [f"in {one.one_sided:,} more one side is NaN or infinite"]
    return tuple(lines)


def _most(one: Difference) -> str:
    at = f" at {one.worst_at}" if one.worst_at else ""
    if one.chi2_per_n is None:
        return f"most by {one.largest:.6g}{at}; they have no errors to compare with"
    return f"most by {one.worst:+.3g} sigma{at}; chi2/n {one.chi2_per_n:.3g}"


def _compared(ours: Product, theirs: Product, sides: Sides) -> Difference:
    events = (ours.events, theirs.events)
    if problem := _incomparable(ours, theirs, *sides):
        return Difference(name=ours.name, problem=problem, events=events, sides=sides)
    known = np.isfinite(ours.signal) & np.isfinite(theirs.signal)
    difference = np.where(known, np.subtract(ours.signal, theirs.signal, dtype=np.float64), 0.0)
    alike = (ours.signal == theirs.signal) | (np.isnan(ours.signal) & np.isnan(theirs.signal))
    one_sided, differs = int(np.count_nonzero(~known & ~alike)), difference != 0.0
    deviation = _deviation(difference, known, ours, theirs)
    there = np.isfinite(deviation)
    told = differs & there  # equal values have a deviation too, and must not stand for those that differ
    has_any, is_same = bool(told.any()), not differs.any() and not one_sided
    most = int(np.argmax(np.where(told, np.abs(deviation), 0.0) if has_any else np.abs(difference)))
    return Difference(
        name=ours.name,
        deviation=deviation,
        axes=ours.axes,
        compared=int(np.count_nonzero(known)),
        differ=int(np.count_nonzero(differs)),
        one_sided=one_sided,
        without_errors=int(np.count_nonzero(differs & ~there)),
        worst=float(deviation.flat[most]) if has_any else 0.0,
        worst_at=_place(most, ours) if differs.any() else "",
        largest=float(np.abs(difference).max(initial=0.0)),
        chi2_per_n=float(np.mean(deviation[there] ** 2)) if there.any() and (has_any or is_same) else None,
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
    spread = np.zeros(difference.shape)
    for one in (ours, theirs):
        if one.errors is not None:
            spread = np.hypot(spread, one.errors)  # squares of very large or small errors are no numbers
    deviation = np.where(difference == 0.0, 0.0, difference / spread)
    return np.where(known & np.isfinite(deviation) & (spread > 0) & np.isfinite(spread), deviation, np.nan)


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
