"""What differs between two matrices, as sentences.

Source: Mantid Framework/Algorithms/src/CompareWorkspaces.cpp.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from livereduce.engine.matrix.matrix import Matrix
from livereduce.stream.items import B1, F8


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareRule:
    """What is compared, and how exactly: see Mantid's arguments of the same names."""

    tolerance: float
    is_relative: bool
    errors: bool = True
    types: bool = True
    axes: bool = True
    spectra: bool = True
    masks: bool = True

    def differ(self, one: F8, two: F8) -> B1:
        """True where two values are further apart than the tolerance; NaN is equal to NaN."""
        apart = np.abs(np.where(one == two, 0.0, one - two))
        if self.is_relative:
            scale = (np.abs(one) + np.abs(two)) / 2
            apart = np.divide(apart, scale, out=np.zeros_like(apart), where=scale > 0)
        differs: B1 = ~(apart <= self.tolerance) & ~(np.isnan(one) & np.isnan(two))
        return differs


def differences(one: Matrix, two: Matrix, rule: CompareRule) -> Iterator[str]:
    """What differs, the most important first; values only where the sizes are the same."""
    if rule.types and type(one.content) is not type(two.content) and (one.events is None) != (two.events is None):
        yield "Different workspace types"
        return
    if one.rows != two.rows:
        yield f"Different numbers of spectra: {one.rows} and {two.rows}"
        return
    if rule.axes:
        if _x_said(one) != _x_said(two):
            yield f"X is in {one.unit or 'no unit'} and in {two.unit or 'no unit'}"
        if one.y_unit != two.y_unit:
            yield f"Y is in {one.y_unit or 'no unit'} and in {two.y_unit or 'no unit'}"
        if one.is_distribution != two.is_distribution:
            yield "One is a distribution and the other is not"
    if rule.spectra and not np.array_equal(one.spectra.number, two.spectra.number):
        yield "Different spectrum numbers"
    if rule.spectra and not (
        np.array_equal(one.spectra.ids, two.spectra.ids) and np.array_equal(one.spectra.first, two.spectra.first)
    ):
        yield "Different detectors of spectra"
    if rule.masks and not np.array_equal(one.is_masked, two.is_masked):
        yield "Different masks"
    yield from _values(one, two, rule)


def _x_said(matrix: Matrix) -> tuple[str, tuple[str, str]]:
    """Unit and label of X; a label without a text says as little as no unit."""
    return ("" if matrix.unit in ("Empty", "Label") else matrix.unit), matrix.x_label


def _values(one: Matrix, two: Matrix, rule: CompareRule) -> Iterator[str]:
    first, second = one.histograms, two.histograms
    if not np.array_equal(first.first, second.first):
        yield "Different numbers of bins"
        return
    with np.errstate(invalid="ignore"):
        for left, right in zip(first.x.rows(first.rows), second.x.rows(second.rows), strict=True):
            if len(left) != len(right) or rule.differ(left, right).any():
                yield "X data mismatch"
                break
        wrong = rule.differ(first.y, second.y)
        if wrong.any():
            yield f"Y data mismatch in {wrong.sum()} bins"
        wrong = rule.differ(first.e, second.e)
        if rule.errors and wrong.any():
            yield f"E data mismatch in {wrong.sum()} bins"
