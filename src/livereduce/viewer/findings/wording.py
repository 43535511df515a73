"""What is named, in words, for people and the API. Pure."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from livereduce.messages.marks import iso_utc
from livereduce.messages.regions import pixel_ranges
from livereduce.stream.items import B1, I4, I8
from livereduce.viewer.findings.facts import DetectorLayout, Finding, FindingKind, FoundIn
from livereduce.viewer.findings.policy import FindingsState

MOST_RANGES = 20
"""Ranges of pixel numbers that are written out."""
CUT = ",…"
_WORDS = {
    FindingKind.DEAD: "no counts, although there were some before, or the neighbors have some",
    FindingKind.HOT: "far more counts than the neighbors",
    FindingKind.NOISY: "counts in bursts, or without beam",
}
_WORDS_OF_BANK = {
    FindingKind.DEAD: "no counts, although there were some before, and the other banks have theirs",
    FindingKind.HOT: "far more counts than before, beside the other banks",
    FindingKind.NOISY: "counts in bursts, or without beam",
}


def findings(state: FindingsState, tof_step_us: float) -> tuple[Finding, ...]:
    """All that is named now: banks first, then pixels, by bank; pixels of a bank that is named itself are left out.

    Parameters
    ----------
    tof_step_us
        Width of a bin of the spectra.
    """
    return (*_of_banks(state, tof_step_us), *_of_pixels(state))


def findings_body(found: tuple[Finding, ...]) -> list[dict[str, Any]]:
    """The findings in the form of the API."""
    return [
        {**{name: value for name, value in asdict(one).items() if name != "since_ns"}, "since": iso_utc(one.since_ns)}
        for one in found
    ]


def rows_of(found: Finding, layout: DetectorLayout) -> B1:
    """Which pixels of the detector a finding is about, as far as they are written out."""
    here: B1 = layout.bank == layout.names.index(found.bank)
    if found.what is FoundIn.BANK:
        return here
    named = np.zeros(len(here), np.bool_)
    for first, last in pixel_ranges(found.pixels.removesuffix(CUT)):
        named |= (layout.pixel >= first) & (layout.pixel <= last)
    return here & named


def _of_banks(state: FindingsState, tof_step_us: float) -> Iterator[Finding]:
    banks, shifts = state.banks, state.shifts
    for kind, named, since_ns in (
        (FindingKind.DEAD, banks.dead, banks.low_since),
        (FindingKind.HOT, banks.hot, banks.high_since),
        (FindingKind.NOISY, banks.noisy, banks.high_since),
        (FindingKind.SHIFTED, shifts.shifted, shifts.moved_since),
    ):
        for bank in np.flatnonzero(named).tolist():
            name = state.layout.names[bank]
            words = (
                _moved(float(shifts.bins[bank]) * tof_step_us) if kind is FindingKind.SHIFTED else _WORDS_OF_BANK[kind]
            )
            text = f"{bank_words(name)} is {kind}: {words}"
            yield Finding(
                kind=kind, what=FoundIn.BANK, bank=name, pixels="", since_ns=int(since_ns[bank]), text=text
            )  # fmt: skip


def _of_pixels(state: FindingsState) -> Iterator[Finding]:
    layout, pixels, banks = state.layout, state.pixels, state.banks
    alone = ~(banks.dead | banks.hot | banks.noisy)[layout.bank]
    for kind, named, since_ns in (
        (FindingKind.DEAD, pixels.dead, pixels.missing_since),
        (FindingKind.HOT, pixels.hot, pixels.high_since),
        (FindingKind.NOISY, pixels.noisy, pixels.high_since),
    ):
        yield from _by_bank(state, kind, named & alone, since_ns)


def _by_bank(state: FindingsState, kind: FindingKind, named: B1, since_ns: I8) -> Iterator[Finding]:
    layout = state.layout
    for bank in np.unique(layout.bank[named]).tolist():
        here = named & (layout.bank == bank)
        numbers, name = ranges(layout.pixel[here]), layout.names[bank]
        count = int(here.sum())
        which = f"pixel {numbers}" if count == 1 else f"{count} pixels ({numbers})"
        text = f"{which} of {bank_words(name)} {'is' if count == 1 else 'are'} {kind}: {_WORDS[kind]}"
        yield Finding(
            kind=kind, what=FoundIn.PIXEL, bank=name, pixels=numbers, since_ns=int(since_ns[here].min()), text=text
        )  # fmt: skip


def bank_words(name: str) -> str:
    """``bank 7`` of ``7``, and ``bank7`` as it is."""
    if not name:
        return "no bank"
    return name if name.lower().startswith("bank") else f"bank {name}"


def ranges(pixel: I4) -> str:
    """``1-3,9``: pixel numbers as they are written in regions; ends with ``…`` where there are too many ranges."""
    if not len(pixel):
        return ""
    numbers = np.unique(pixel)
    ends = np.flatnonzero(np.diff(numbers) != 1)
    first, last = numbers[np.concatenate(([0], ends + 1))], numbers[np.concatenate((ends, [len(numbers) - 1]))]
    parts = [str(a) if a == b else f"{a}-{b}" for a, b in zip(first.tolist(), last.tolist(), strict=True)]
    return ",".join(parts[:MOST_RANGES]) + (CUT if len(parts) > MOST_RANGES else "")


def _moved(by_us: float) -> str:
    return f"its times of flight are {abs(by_us):.3g} µs {'later' if by_us > 0 else 'earlier'} than before"
