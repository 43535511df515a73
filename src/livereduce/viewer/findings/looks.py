"""Cuts looks of what has been counted: a second of beam each, or longer where there are few counts or many pixels.

The counts of each pixel only grow; a look is the difference between two moments. Events of pulses without beam are kept
apart, and make looks of their own.
"""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.stream.items import B1, F8, I4, EventBatch
from livereduce.viewer.findings.facts import DetectorLayout, DetectorLook

LOOK_NS, LONGEST_LOOK_NS = 1_000_000_000, 30_000_000_000
BEHIND_LOOK_NS = 20_000_000_000
"""Length of a look while the reader is behind the stream: a run of hours must not take minutes."""
PIXELS_OF_SECOND = 100_000
"""Pixels that are judged in a second's look; a look of more of them is longer, in proportion."""
COUNTS_OF_PIXEL = 2.0
"""Mean counts of a pixel in a look, so that there is something to judge; until then it goes on, up to the longest."""
LEAST_SHARE = 0.3
"""A look with less than this share of the usual exposure goes on: the beam was away for most of it."""
LEAST_DARK_PULSES = 10


class LookCutter:
    """Cuts the looks of one run.

    Parameters
    ----------
    usual
        Exposure of a look of the run before; 0 if there was none.

    Attributes
    ----------
    looked_ns
        Time of all looks with beam so far.
    """

    def __init__(self, run: int, layout: DetectorLayout, cells: NDArray[Any], usual: float = 0.0) -> None:
        self.run, self.usual, self.looked_ns = run, usual, 0
        self._layout = layout
        self._rows = _rows_of_banks(layout)
        pixels = len(layout.pixel)
        self._counts, self._spectra = self._sums(cells)
        self._dark, self._dark_pulses = np.zeros(pixels), 0
        self._without_beam = np.zeros(pixels)  # of what the next look with beam has, to be taken off
        self._exposure, self._events, self._is_charged = 0.0, 0, False
        self._began_ns, self._newest_ns = 0, 0

    def note(self, batch: EventBatch, rows: I4 | None) -> None:
        """Note the pulses of a batch that was counted; `rows` of its events if some of it `is_dark`, else None."""
        if not len(batch.pulse_ns):
            return
        self._newest_ns = int(batch.pulse_ns[-1])
        self._began_ns = self._began_ns or int(batch.pulse_ns[0])
        self._events += len(batch.tof_ns)
        dark = self.is_dark(batch)
        self._exposure += float(batch.charge_pc[~dark].sum()) if self._is_charged else float((~dark).sum())
        self._dark_pulses += int(dark.sum())
        if rows is not None:
            of_dark = rows[np.repeat(dark, np.diff(batch.first))]
            of_dark = of_dark[(of_dark >= 0) & (of_dark < len(self._dark))]
            counts = np.bincount(of_dark, minlength=len(self._dark))
            self._dark, self._without_beam = self._dark + counts, self._without_beam + counts

    def is_dark(self, batch: EventBatch) -> B1:
        """Which of its pulses have no beam, shape (p,); none where no charge was ever told."""
        self._is_charged = self._is_charged or bool((batch.charge_pc > 0).any())
        return (batch.charge_pc <= 0) & self._is_charged

    def is_due(self, *, live: bool) -> bool:
        """True if it is time to cut."""
        length_ns = self._newest_ns - self._began_ns
        pixels = len(self._dark)
        least_ns = LOOK_NS * max(1.0, pixels / PIXELS_OF_SECOND) * (1.0 if live else BEHIND_LOOK_NS / LOOK_NS)
        few = self._events < COUNTS_OF_PIXEL * pixels and self._exposure > 0
        return length_ns >= (max(least_ns, LONGEST_LOOK_NS) if few else least_ns)

    def cut(self, cells: NDArray[Any]) -> list[DetectorLook]:
        """The look without beam, if there was enough of that, then the one with beam; what is left goes on.

        Parameters
        ----------
        cells
            All counts of the run so far, shape (pixels or more, bins).
        """
        looks = []
        length_ns, self._began_ns = self._newest_ns - self._began_ns, self._newest_ns
        if self._dark_pulses >= LEAST_DARK_PULSES:
            looks.append(self._look(0.0, self._dark, np.zeros_like(self._spectra)))
            self._dark, self._dark_pulses = np.zeros_like(self._dark), 0
        if self._exposure > 0 and self._exposure >= LEAST_SHARE * self.usual:
            counts, spectra = self._sums(cells)
            lit = np.maximum(counts - self._counts - self._without_beam, 0.0)
            looks.append(self._look(self._exposure, lit, spectra - self._spectra))
            self.usual += (self._exposure - self.usual) * (0.1 if self.usual else 1.0)
            self._counts, self._spectra = counts, spectra
            self.looked_ns += length_ns
            self._without_beam = np.zeros_like(self._dark)
            self._exposure, self._events = 0.0, 0
        return looks

    def _look(self, exposure: float, counts: F8, spectra: F8) -> DetectorLook:
        return DetectorLook(
            run=self.run, at_ns=self._newest_ns, exposure=exposure, counts=counts, spectra=spectra
        )  # fmt: skip

    def _sums(self, cells: NDArray[Any]) -> tuple[F8, F8]:
        """Counts of each pixel, and of each bank by time of flight."""
        counts = cells[: len(self._layout.pixel)].sum(axis=1, dtype=np.float64)
        spectra = np.stack([cells[rows].sum(axis=0, dtype=np.float64) for rows in self._rows])
        return counts, spectra


def _rows_of_banks(layout: DetectorLayout) -> list[slice | NDArray[np.intp]]:
    """The rows of each bank: as a slice where they follow each other, which spares a copy of all counts."""
    found: list[slice | NDArray[np.intp]] = []
    order = np.argsort(layout.bank, kind="stable")
    first = np.searchsorted(layout.bank[order], np.arange(len(layout.names) + 1))
    for begin, end in pairwise(first):
        rows = order[begin:end]
        follow = len(rows) > 0 and rows[-1] - rows[0] == len(rows) - 1
        found.append(slice(int(rows[0]), int(rows[-1]) + 1) if follow else rows)
    return found
