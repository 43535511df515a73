"""The search for faults beside a stream: cuts looks of what is counted, and gives them to the policy."""

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.base.contained import Contained
from livereduce.engine.counting.pixels import PixelTable
from livereduce.messages.marks import iso_utc
from livereduce.stream.items import B1, I4, EventBatch
from livereduce.viewer.findings.facts import DetectorLayout, Finding
from livereduce.viewer.findings.looks import LookCutter
from livereduce.viewer.findings.policy import FindingsState, first_state, step
from livereduce.viewer.findings.wording import findings, findings_body, rows_of

MOST_PIXELS = 1_000_000
"""Larger detectors are not watched: what is known of each pixel would take more memory than a viewer may have."""
GROWTH = 1.02
"""A detector whose pixels are only known as they appear is looked at anew when it has grown so much."""

log = logging.getLogger("livereduce.viewer")


class FindingsWatch:
    """What is wrong with the detector, as far as the stream has come.

    Attributes
    ----------
    note
        Why nothing is named, for people; empty if the detector is watched.
    """

    def __init__(self) -> None:
        self._state: FindingsState | None = None
        self._cutter: LookCutter | None = None
        self._table: PixelTable | None = None
        self._contained = Contained(log)
        self._failed_in: int | None = None
        self.note = ""

    def found(self, tof_step_us: float) -> tuple[Finding, ...]:
        """All that is named now; `tof_step_us`: width of a bin of what is counted."""
        return findings(self._state, tof_step_us) if self._state is not None else ()

    def rows_of(self, found: Finding) -> B1:
        """Which of the pixels that are watched a finding is about, shape (n,): the first n rows of what is counted."""
        assert self._state is not None
        return rows_of(found, self._state.layout)

    @property
    def looked_s(self) -> float:
        """Seconds of beam of this run that were looked at."""
        return 0.0 if self._cutter is None else round(self._cutter.looked_ns / 1e9, 3)

    def take(
        self,
        batch: EventBatch,
        table: PixelTable,
        cells: NDArray[Any],
        banks: tuple[tuple[str, ...], I4],
        *,
        live: bool,
    ) -> None:
        """Take a batch after it was counted. An error of ours costs the findings of this run, not what is counted.

        Parameters
        ----------
        table
            The rows of the pixels.
        cells
            Counts of the run so far, by row and coarse bin of time of flight.
        banks
            Names, and for each row an index of them; -1 for a pixel that is in no bank.
        live
            False while there is much more to read.
        """
        if batch.run == self._failed_in:
            return
        try:
            self._take(batch, table, cells, banks, live)
        except Exception as error:  # noqa: BLE001 (the boundary of the search for faults)
            self._contained.note(f"the search for faults of the detector in run {batch.run}", error)
            self._state, self._cutter, self._failed_in = None, None, batch.run
            self.note = "the search for faults has failed; the log of this page says why"

    def _take(
        self,
        batch: EventBatch,
        table: PixelTable,
        cells: NDArray[Any],
        banks: tuple[tuple[str, ...], I4],
        live: bool,
    ) -> None:
        cutter = self._ready(batch.run, table, cells, banks)
        if cutter is None:
            return
        dark = cutter.is_dark(batch)
        has_dark_events = bool((np.diff(batch.first)[dark] > 0).any())
        cutter.note(batch, table.rows_of(batch.pixel) if has_dark_events else None)
        if cutter.is_due(live=live):
            for look in cutter.cut(cells):
                assert self._state is not None
                self._state = step(self._state, look)

    def body(self, run: int, at_ns: int, tof_step_us: float) -> dict[str, Any]:
        """The findings in the form of the API."""
        return {
            "run": run,
            "at": iso_utc(at_ns) if at_ns else "",
            "looked_s": self.looked_s,
            "findings": findings_body(self.found(tof_step_us)),
            "note": self.note,
        }

    def _ready(
        self, run: int, table: PixelTable, cells: NDArray[Any], banks: tuple[tuple[str, ...], I4]
    ) -> LookCutter | None:
        """The cutter of this run; None if nothing is to be done with the batch, since one has just begun."""
        too_large = len(cells) > MOST_PIXELS
        self.note = f"a detector of more than {MOST_PIXELS} pixels is not watched" if too_large else ""
        if not len(cells) or too_large:
            self._state = self._cutter = None
            return None
        cutter = self._cutter
        if self._state is None or not self._is_of(self._state, table, cells):
            self._state, cutter = first_state(layout_of(table.pixels[: len(cells)], *banks), cells.shape[1]), None
        self._table = table
        if cutter is not None and cutter.run == run:
            return cutter
        self._cutter = LookCutter(run, self._state.layout, cells, cutter.usual if cutter else 0.0)
        return None

    def _is_of(self, state: FindingsState, table: PixelTable, cells: NDArray[Any]) -> bool:
        """What is known is of this detector: of the same pixels, or nearly all of them where they only appear."""
        known = len(state.layout.pixel)
        same = self._table is table or np.array_equal(table.pixels[:known], state.layout.pixel)
        return same and known <= len(cells) <= GROWTH * known and state.shifts.base.shape[1] == cells.shape[1]


def layout_of(pixel: I4, names: tuple[str, ...], bank: I4) -> DetectorLayout:
    """The detector: pixels that are in no bank are one of their own, without a name."""
    bank = bank[: len(pixel)]
    if (bank < 0).any() or len(bank) < len(pixel):
        all_banks = np.full(len(pixel), -1, np.int32)
        all_banks[: len(bank)] = bank
        bank, names = np.where(all_banks < 0, len(names), all_banks).astype(np.int32), (*names, "")
    return DetectorLayout(pixel=pixel.copy(), bank=bank, names=names)
