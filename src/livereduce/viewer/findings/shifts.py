"""Banks whose times of flight are displaced: their newest spectrum beside their usual one, and beside the other banks.

Within a run a bank is compared with its own spectrum so far. At the start of a run that is the spectrum of the run
before, and another sample may move all banks together: there a bank must differ from what the others do. Pure.
"""

from dataclasses import dataclass, replace

import numpy as np

from livereduce.stream.items import B1, F8, I8
from livereduce.viewer.findings.facts import DetectorLook

NEWEST_LOOKS = 5
"""Looks of which the newest spectrum is the sum."""
KNOWN_LOOKS = 60
"""Looks after which a run has a usual spectrum of its own."""
BASE_LOOKS = 600.0
LEAST_COUNTS = 1000.0
LEAST_BANKS = 3
"""Fewer cannot be told apart at the start of a run: which one has moved?"""
FURTHEST, FINENESS = 10, 4
"""Largest displacement, in bins, and its parts of a bin."""
LEAST_BINS, LEAST_BINS_OF_BEFORE = 0.4, 1.0
LEAST_GAIN = 80.0
"""How much better (in χ²) the displaced spectrum must fit."""
MISFIT_OF_BIN = 1.5
"""Misfit (χ² for each bin) below which a spectrum is as usual, and no displacement is looked for."""
MOST_LEFT = 0.35
"""Share of the misfit that may be left: more than that, and it is another spectrum, not a displaced one."""
STANDS_OUT = 3.0
"""How much further than the next one a bank has moved at the start of a run, if it is not the sample."""
AGREEMENT_BINS = 0.75
"""Two looks in a row must agree so well on the displacement."""
WELL_LOOKS = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShiftState:
    """What is known of the spectra; per bank, arrays of shape (banks, bins) or (banks,).

    Attributes
    ----------
    newest
        Spectra of the newest looks.
    base
        Usual spectra: of this run, or of the run before while `looks` of this one are few.
    present, looks
        Spectra of this run so far, and its looks.
    moved
        Displacement in bins that the look before has seen; NaN for none.
    shifted, bins, since
        What is named, by how many bins, and since when.
    well
        Looks without a sign since then.
    """

    newest: tuple[F8, ...]
    base: F8
    present: F8
    looks: int
    moved: F8
    moved_since: I8
    shifted: B1
    bins: F8
    well: I8


def first_shifts(banks: int, bins: int) -> ShiftState:
    """Nothing is known yet."""
    nothing = np.zeros((banks, bins))
    return ShiftState(
        newest=(), base=nothing, present=nothing, looks=0,
        moved=np.full(banks, np.nan), moved_since=np.zeros(banks, np.int64),
        shifted=np.zeros(banks, np.bool_), bins=np.zeros(banks), well=np.zeros(banks, np.int64),
    )  # fmt: skip


def begin_run(state: ShiftState) -> ShiftState:
    """Another run: its spectra are compared with those of the run before, until there are enough of its own."""
    known = (state.looks >= KNOWN_LOOKS) & ~state.shifted
    base = np.where(known[:, None], state.present, state.base)
    moved = np.full(len(state.moved), np.nan)
    return replace(state, newest=(), base=base, present=np.zeros_like(base), looks=0, moved=moved)


def step_shifts(state: ShiftState, look: DetectorLook, judged: B1) -> ShiftState:
    """Take a look with beam; banks that are not `judged` are dead, hot or noisy, or just becoming so."""
    newest = (*state.newest, look.spectra)
    state = replace(state, newest=newest[-NEWEST_LOOKS:], looks=state.looks + 1)
    if len(newest) <= NEWEST_LOOKS:
        return state
    state = _judge(state, look, judged)
    # what has just become old enough is usual, in banks that have not moved
    learns = (judged & ~state.shifted & np.isnan(state.moved))[:, None]
    faded = state.present * (1 - 1 / BASE_LOOKS)
    return replace(state, present=np.where(learns, faded + newest[0], state.present))


def _judge(state: ShiftState, look: DetectorLook, judged: B1) -> ShiftState:
    now, own = np.sum(state.newest, axis=0), state.looks > KNOWN_LOOKS
    base = np.where((own & ~state.shifted)[:, None], state.present, state.base)
    usable = judged & (now.sum(axis=1) >= LEAST_COUNTS) & (base.sum(axis=1) >= LEAST_COUNTS)
    bins, gain, left = displacements(base, now)
    others = _of_others(bins, usable) if not own else np.zeros(len(bins))
    least = LEAST_BINS if own else _least_of_before(np.abs(bins - others)[usable])
    far = np.abs(bins - others) >= least
    seen = usable & far & (gain >= LEAST_GAIN) & (left <= MOST_LEFT)
    if not own and usable.sum() < LEAST_BANKS:
        seen = np.zeros_like(seen)
    agrees = seen & (np.abs(bins - state.moved) <= AGREEMENT_BINS)
    back = usable & state.shifted & (np.abs(bins - others) < np.abs(state.bins) / 2)
    well = np.where(back, state.well + 1, 0)
    return replace(
        state,
        base=_frozen(state, base),
        moved=np.where(seen, bins, np.where(usable, np.nan, state.moved)),
        moved_since=np.where(seen & np.isnan(state.moved), look.at_ns, state.moved_since),
        shifted=(state.shifted | agrees) & (well < WELL_LOOKS),
        bins=np.where(agrees, bins - others, state.bins),
        well=well,
    )


def _frozen(state: ShiftState, base: F8) -> F8:
    """What a bank was compared with when it was named is what it is compared with until it is well again."""
    if state.looks <= KNOWN_LOOKS:
        return state.base
    return np.where(state.shifted[:, None], state.base, base)


def _of_others(bins: F8, usable: B1) -> F8:
    """For each bank, the median displacement of the others: what another sample does to all of them."""
    found = np.zeros(len(bins))
    for bank in range(len(bins)):
        others = usable.copy()
        others[bank] = False
        if others.any():
            found[bank] = np.median(bins[others])
    return found


def _least_of_before(apart: F8) -> float:
    """How far a bank must be apart from the others: much further than the one that is next.

    Another sample moves the banks apart, too, by their angles; but then there is more than one at the end.
    """
    second = float(np.partition(apart, -2)[-2]) if len(apart) > 1 else 0.0
    return max(LEAST_BINS_OF_BEFORE, STANDS_OUT * second)


def displacements(base: F8, now: F8) -> tuple[F8, F8, F8]:
    """By how many bins the spectra are displaced against their usual ones.

    Returns
    -------
    Bins (positive: later), how much better (in χ²) that fits than no displacement, and the share of the misfit that is
    left; each of shape (banks,).
    """
    still = _misfit(base, now, 0.0)
    bins, least = np.zeros(len(base)), still.copy()
    some = np.flatnonzero(still > MISFIT_OF_BIN * base.shape[1])
    if len(some):
        lags = np.arange(-FURTHEST * FINENESS, FURTHEST * FINENESS + 1) / FINENESS
        misfit = np.stack([_misfit(base[some], now[some], lag) for lag in lags])
        bins[some], least[some] = lags[misfit.argmin(axis=0)], misfit.min(axis=0)
    return bins, still - least, least / np.maximum(still, 1e-9)


def _misfit(base: F8, now: F8, lag: float) -> F8:
    """χ² for each bin of spectra against usual ones that are displaced; only the bins that both have."""
    bins = base.shape[1]
    whole = int(np.floor(lag))
    part = lag - whole
    there = np.arange(FURTHEST, bins - FURTHEST)
    earlier, later = base[:, there - whole], base[:, np.maximum(there - whole - 1, 0)]
    moved, seen = (1 - part) * earlier + part * later, now[:, there]
    total = moved.sum(axis=1)
    scale = np.divide(seen.sum(axis=1), total, out=np.zeros(len(total)), where=total > 0)[:, None]
    chi: F8 = ((seen - scale * moved) ** 2 / (seen + scale**2 * moved + 1)).sum(axis=1)
    return chi
