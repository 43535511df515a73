"""What is wrong with the detector, look by look. Pure: `step(state, look) -> state`; time is that of the pulses.

Banks come first (`bank_levels.py`): while a bank is not as usual, its pixels are not judged. Then pixels (`pixels.py`)
and displaced spectra (`shifts.py`). `findings` gives what is named in words.
"""

from dataclasses import dataclass

from livereduce.viewer.findings import bank_levels, pixels, shifts
from livereduce.viewer.findings.bank_levels import BankState
from livereduce.viewer.findings.facts import DetectorLayout, DetectorLook, Neighbors, neighbors_of
from livereduce.viewer.findings.pixels import PixelState
from livereduce.viewer.findings.shifts import ShiftState


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FindingsState:
    """What has been seen so far."""

    layout: DetectorLayout
    near: Neighbors
    run: int
    pixels: PixelState
    banks: BankState
    shifts: ShiftState


def first_state(layout: DetectorLayout, tof_bins: int) -> FindingsState:
    """Nothing has been seen yet."""
    return FindingsState(
        layout=layout,
        near=neighbors_of(layout),
        run=0,
        pixels=pixels.first_pixels(len(layout.pixel)),
        banks=bank_levels.first_banks(len(layout.names)),
        shifts=shifts.first_shifts(len(layout.names), tof_bins),
    )


def step(state: FindingsState, look: DetectorLook) -> FindingsState:
    """Take a look."""
    of_pixels, of_banks, of_shifts = state.pixels, state.banks, state.shifts
    if look.run != state.run:
        of_pixels, of_banks = pixels.begin_run(of_pixels), bank_levels.begin_run(of_banks)
        of_shifts = shifts.begin_run(of_shifts)
    if look.exposure > 0:
        of_banks = bank_levels.step_banks(of_banks, look, state.layout, state.near)
        steady = of_banks.usual & ~of_banks.dead & ~of_banks.hot & ~of_banks.noisy
        of_pixels = pixels.step_pixels(of_pixels, look, state.layout, state.near, steady[state.layout.bank])
        of_shifts = shifts.step_shifts(of_shifts, look, steady)
    else:
        of_pixels = pixels.step_dark(of_pixels, look, state.near)
        of_banks = bank_levels.step_dark(of_banks, look, state.layout, of_pixels.dark)
    return FindingsState(
        layout=state.layout,
        near=state.near,
        run=look.run,
        pixels=of_pixels,
        banks=of_banks,
        shifts=of_shifts,
    )
