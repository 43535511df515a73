"""Two matrices made one by an operation: which sizes fit together, and what stays events.

Source: Mantid Framework/Algorithms/src/BinaryOperation.cpp. The right side may be one value, one spectrum (for all),
one bin for each spectrum (for all bins of it), or like the left one.
"""

from dataclasses import replace
from enum import Enum

import numpy as np

from livereduce.engine.matrix.adding import MismatchError
from livereduce.engine.matrix.arithmetic.event_weights import joined_events, weighted_events
from livereduce.engine.matrix.arithmetic.rules import Operation, of_values
from livereduce.engine.matrix.events.event_changes import masked
from livereduce.engine.matrix.events.event_pass import EventContent
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix
from livereduce.stream.items import B1, F8, I8

SAME_X = 1e-7
"""Relative difference of the sums of X up to which bins are the same, as Mantid has it."""


class RightSize(Enum):
    """Size of the right side, measured by the left one."""

    VALUE = "one value"
    SPECTRUM = "one spectrum"
    COLUMN = "one bin for each spectrum"
    ALIKE = "as many spectra and bins"


def combined(operation: Operation, left: Matrix, right: Matrix, *, by_detectors: bool = False) -> Matrix:
    """The result; logs, positions and names of spectra are those of the left side.

    Parameters
    ----------
    by_detectors
        Spectra of different numbers are matched by their detectors; counts without a partner become 0, and events
        without one stay.

    Raises
    ------
    MismatchError
        Sizes, bins or units do not fit together.
    ValueError
        Events are to be divided by the value 0.
    """
    is_joined = operation.is_sum and left.events is not None and right.events is not None
    if operation.commutes and not is_joined and _size(right) > _size(left):
        left, right = right, left
    _check_units(operation, left, right)
    if is_joined:
        return _joined(operation, left, right, by_detectors)
    partner = None
    if by_detectors and right.rows != left.rows and right.rows > 1:
        partner = partners(left, right)
        right = right.taken(np.maximum(partner, 0))
    size = _right_size(left, right, must_match=left.events is None or operation.is_sum or operation.is_comparison)
    cleared = _masked_by_either(left, right, size)
    if left.events is not None and not (operation.is_sum or operation.is_comparison):
        content = weighted_events(operation, left.events, right.histograms, size is RightSize.ALIKE)
        return _with_events(left, content, cleared)
    made = _histograms(operation, left, right, size, cleared if partner is None else cleared | (partner < 0))
    return replace(made, masked=_mask(left, cleared))


def _size(matrix: Matrix) -> int:
    return int(np.maximum(matrix.content.x.sizes(matrix.rows) - 1, 1).sum())


def _bins(matrix: Matrix) -> int:
    """Bins of the first spectrum."""
    if isinstance(matrix.content, Histograms):
        return int(matrix.content.first[1]) if matrix.rows else 0
    return len(matrix.content.x.row(0)) - 1 if matrix.rows else 0


def _check_units(operation: Operation, left: Matrix, right: Matrix) -> None:
    if _bins(left) < 2 or _bins(right) < 2:
        return
    if left.unit != right.unit:
        raise MismatchError(
            f"X is in {left.unit or 'no unit'} on the left and in {right.unit or 'no unit'} on the right"
        )
    if operation.is_sum and left.y_unit != right.y_unit:
        raise MismatchError(
            f"the values are {left.y_unit or 'without a unit'} on the left and "
            f"{right.y_unit or 'without a unit'} on the right"
        )
    if operation.is_sum and left.is_distribution != right.is_distribution:
        raise MismatchError("one side is a distribution (values per unit of x) and the other is not")


def _right_size(left: Matrix, right: Matrix, *, must_match: bool) -> RightSize:
    """How the right side is to be applied.

    Parameters
    ----------
    must_match
        Bins must be the same; False for events that are weighted, each by the bin that it is in.
    """
    bins = _bins(right)
    if right.rows == 1 and bins == 1:
        return RightSize.VALUE
    if right.rows == left.rows and bins == 1:
        return RightSize.COLUMN
    if right.rows not in (1, left.rows):
        raise MismatchError(f"the left side has {left.rows} spectra and the right side {right.rows}")
    if must_match:
        _check_bins(left, right)
    return RightSize.SPECTRUM if right.rows == 1 else RightSize.ALIKE


def _check_bins(left: Matrix, right: Matrix) -> None:
    if _bins(left) != _bins(right):
        raise MismatchError(f"the left side has {_bins(left)} bins and the right side {_bins(right)}")
    if not has_same_x(left.content.x.row(0), right.content.x.row(0)):
        raise MismatchError("the bins of the two are not the same: RebinToWorkspace makes them so")


def has_same_x(one: F8, two: F8) -> bool:
    """True if Mantid takes two X for the same: as many, and the same sum."""
    if len(one) != len(two):
        return False
    first, second = float(one.sum()), float(two.sum())
    if abs(first) < SAME_X and abs(second) < SAME_X:
        return bool(np.all(np.abs(one - two) <= SAME_X))
    if np.isnan(first) or np.isnan(second):
        return np.array_equal(one, two, equal_nan=True)
    return first == second or abs(first - second) / max(abs(first), abs(second)) <= SAME_X


def _masked_by_either(left: Matrix, right: Matrix, size: RightSize) -> B1:
    """Spectra that are masked on one of the sides: they become 0 and masked."""
    if size in (RightSize.COLUMN, RightSize.ALIKE):
        return left.is_masked | right.is_masked
    return np.zeros(left.rows, np.bool_)


def _mask(left: Matrix, cleared: B1) -> B1 | None:
    return left.masked if not cleared.any() else left.is_masked | cleared


def _histograms(operation: Operation, left: Matrix, right: Matrix, size: RightSize, cleared: B1) -> Matrix:
    one, two = left.histograms, right.histograms
    y, e = of_values(operation, one.y, one.e, *_spread(one, two, size))
    if cleared.any():
        zero = np.repeat(cleared, np.diff(one.first))
        y, e = np.where(zero, 0.0, y), np.where(zero, 0.0, e)
    return left.with_histograms(one.with_values(y, e))


def _spread(left: Histograms, right: Histograms, size: RightSize) -> tuple[F8, F8]:
    """Values and errors of the right side for each value of the left one."""
    if size is RightSize.VALUE:
        return right.y[0], right.e[0]
    if size is RightSize.COLUMN:
        bins = np.diff(left.first)
        return np.repeat(right.y, bins), np.repeat(right.e, bins)
    if size is RightSize.SPECTRUM:
        if not left.is_even:
            raise MismatchError("one spectrum cannot be applied to spectra with other numbers of bins")
        return np.tile(right.y, left.rows), np.tile(right.e, left.rows)
    if not np.array_equal(left.first, right.first):
        raise MismatchError("the spectra of the two do not have the same numbers of bins")
    return right.y, right.e


def _joined(operation: Operation, left: Matrix, right: Matrix, by_detectors: bool) -> Matrix:
    """Events of both sides in one list, those of the right side with the weight -1 for Minus."""
    assert left.events is not None
    assert right.events is not None
    partner = None
    if by_detectors and right.rows != left.rows:
        partner = partners(left, right)
    elif right.rows not in (1, left.rows):
        raise MismatchError(f"the left side has {left.rows} spectra and the right side {right.rows}")
    elif right.rows == 1 and left.rows > 1:
        partner = np.zeros(left.rows, np.int64)
    sign = -1.0 if operation is Operation.MINUS else 1.0
    content = joined_events(left.events, right.events, sign, partner)
    cleared = left.is_masked | right.is_masked if right.rows == left.rows else np.zeros(left.rows, np.bool_)
    return _with_events(left, content, cleared)


def _with_events(left: Matrix, content: EventContent, cleared: B1) -> Matrix:
    """The left side with other events, and none in the spectra that are cleared."""
    return replace(left, content=masked(content, cleared) if cleared.any() else content, masked=_mask(left, cleared))


def partners(left: Matrix, right: Matrix) -> I8:
    """For each spectrum of the left side that of the right one with all of its detectors; -1: there is none."""
    owner = right.spectra.row_of_id()
    found = np.full(left.rows, -1, np.int64)
    for row in range(left.rows):
        owners = {owner.get(one, -1) for one in left.spectra.ids_of(row).tolist()}
        if len(owners) == 1:
            found[row] = owners.pop()
    return found
