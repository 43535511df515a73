"""The shortest way for the most frequent case: times of flight as they are, counted in common edges."""

from collections.abc import Iterator

import numpy as np

from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.kernels import ADD_EVENTS, SCRATCH
from livereduce.engine.matrix.events.limits import times_ns
from livereduce.engine.matrix.events.passes.summing import add_of_one_row
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.matrix.grid import Grid
from livereduce.stream.items import B1, F8, I4, EventBatch
from livereduce.stream.stretches import stretches_of

_UNUSED_PIXEL_CELLS = 2
EVENTS_WORTH_A_CALL = 2000
"""Events that are counted in the time that one more call takes."""


def counts_of(content: PendingEvents, edges: Grid) -> F8 | None:
    """Events of each spectrum and bin, shape (rows × bins,); None if this way is not possible.

    An x of a whole number of ns reaches an edge if the ns reach the edge's first whole ns, so that integers are
    compared, and the kernel of `counting` can be used.
    """
    binning = None if not _is_plain(content) or not edges.is_common else _binning(edges.values)
    if binning is None or content.rows * binning.bins >= 2**31 - _UNUSED_PIXEL_CELLS:
        return None
    start, end = _stretch_of_one_row(content.row_of_pixel)
    if start < end:
        counts = np.zeros(content.rows * binning.bins)
        row = int(content.row_of_pixel[start])
        counts[row * binning.bins : (row + 1) * binning.bins] = _of_one_row(content, binning, start, end)
        return counts
    return _of_rows(content, binning)


def _of_one_row(content: PendingEvents, binning: Binning, start: int, end: int) -> F8:
    counts, scratch = np.zeros(binning.bins + 1), np.empty(SCRATCH, np.int32)
    how = binning.cells, int(binning.edges_ns[0]), binning.span_ns, binning.shift
    for tof_ns, pixel in _stretches(content):
        add_of_one_row(tof_ns, pixel, *how, start, end, scratch, counts)
    return counts[:-1]


def _of_rows(content: PendingEvents, binning: Binning) -> F8:
    counts = np.zeros(content.rows * binning.bins + _UNUSED_PIXEL_CELLS)
    offsets = content.row_of_pixel * np.int32(binning.bins)
    scratch, wrapped = np.empty(SCRATCH, np.int32), np.empty(SCRATCH + 1, np.int64)
    how = offsets, binning.cells, int(binning.edges_ns[0]), binning.span_ns, binning.shift
    for tof_ns, pixel in _stretches(content):
        ADD_EVENTS[counts.dtype](tof_ns, pixel, *how, counts, scratch, wrapped)
    return counts[:-_UNUSED_PIXEL_CELLS]


def _stretches(content: PendingEvents) -> Iterator[tuple[I4, I4]]:
    """Times and pixels of the events whose pulses count."""
    for piece, kept in zip(content.events.pieces, content.kept_of_pieces, strict=True):
        for start, end in _kept_stretches(piece, kept):
            yield np.ascontiguousarray(piece.tof_ns[start:end]), np.ascontiguousarray(piece.pixel[start:end])


def _is_plain(content: PendingEvents) -> bool:
    is_free = content.least_ns is None and content.end_ns is None and not content.removed_ns
    return is_free and content.maps is None and not _is_chopped(content)


def _is_chopped(content: PendingEvents) -> bool:
    """True if the pulses that count are in so many stretches that a call for each would cost more than it saves."""
    masks = (kept for kept in content.kept_of_pieces if kept is not None)
    stretches = sum(int(np.count_nonzero(kept[1:] != kept[:-1])) for kept in masks)
    return stretches * EVENTS_WORTH_A_CALL > content.events.n


def _kept_stretches(piece: EventBatch, kept: B1 | None) -> list[tuple[int, int]]:
    """Events [start, end) of a piece whose pulses count."""
    if kept is None:
        return [(0, len(piece.tof_ns))]
    return [(start, end) for start, end in piece.first[stretches_of(kept)].tolist()]


def _binning(edges: F8) -> Binning | None:
    if len(edges) < 2 or not np.all(np.isfinite(edges)) or edges[0] < -2e6 or edges[-1] > 2e6:
        return None
    whole = times_ns(edges)
    if not np.all(whole[1:] > whole[:-1]):
        return None
    binning = Binning(whole)
    return binning if binning.has_table else None


def _stretch_of_one_row(row_of_pixel: I4) -> tuple[int, int]:
    """Pixels [start, end) that all belong to one spectrum, if all that have one do; else empty.

    Then no table of pixels is needed, and none takes cache: SumSpectra of a whole instrument.
    """
    known = np.flatnonzero(row_of_pixel >= 0)
    if not len(known) or known[-1] - known[0] + 1 != len(known):
        return 0, 0
    start, end = int(known[0]), int(known[-1]) + 1
    return (start, end) if np.all(row_of_pixel[start:end] == row_of_pixel[start]) else (0, 0)
