"""Banks that are dead, hot or noisy, by their counts beside those of all other banks. Pure.

What all banks do together (the beam fades, a shutter closes, another sample scatters more) is no fault of one of them:
each bank is compared with what the others do now against what they did before. So a detector of one bank has none here.
"""

from dataclasses import dataclass, replace

import numpy as np

from livereduce.stream.items import B1, F8, I8
from livereduce.viewer.findings.facts import DetectorLayout, DetectorLook, Neighbors
from livereduce.viewer.findings.pixels import (
    BASE_LOOKS,
    BASE_LOOKS_OF_BEFORE,
    BURST_LOOKS,
    CALM_LOOKS,
    WELL_LOOKS,
    bank_share,
    bank_sums,
)

LEAST_BANKS = 2
DEAD_SHARE = 0.02
"""A bank with less than this share of its counts is dead."""
DEAD_LOOKS, DEAD_COUNTS = 3, 100.0
"""Looks in a row, and counts that were to be expected in them, before a bank is named."""
HIGH_RATIO, HIGH_RATIO_OF_BEFORE = 4.0, 12.0
"""How many times its counts a bank must have; as long as little is known of a new run, with a sample of its own."""
KNOWN_LOOKS = 30
"""Looks after which enough is known of a new run."""
HIGH_LOOKS = 4
USUAL_RATIO = 1.8
DARK_COUNTS, DARK_COUNTS_OF_PIXEL, MOST_OF_PIXEL, DARK_RATIO = 50.0, 1.0, 5.0, 10.0
"""Counts without beam that make a bank noisy: at least, and for each of its pixels, of which none counts for more than
five; and how many times those of the others."""
MOST_RATIO, MOST_MORE = 8.0, 10.0
"""What a pixel counts for at most in its bank: so many times the middle pixel of it, and some more. One pixel that is
hot makes no hot bank."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BankState:
    """What is known of each bank; the arrays have shape (banks,), and mean what those of `PixelState` mean.

    Attributes
    ----------
    run_looks
        Looks of this run.
    low_run, low_expected
        Looks in a row in which it was dead, and what was to be expected in them.
    usual
        Banks that were as usual in the newest look: only their pixels are judged.
    """

    base: F8
    base_looks: F8
    run_looks: int
    low_run: I8
    low_expected: F8
    low_since: I8
    in_burst: B1
    high_run: I8
    since_burst: I8
    high_since: I8
    dark_since: int
    dead: B1
    hot: B1
    noisy: B1
    well: I8
    calm: I8
    usual: B1


def first_banks(banks: int) -> BankState:
    """Nothing is known yet."""
    no, zero, whole = np.zeros(banks, np.bool_), np.zeros(banks), np.zeros(banks, np.int64)
    return BankState(
        base=zero, base_looks=zero, run_looks=0, low_run=whole, low_expected=zero, low_since=whole,
        in_burst=no, high_run=whole, since_burst=np.full(banks, BURST_LOOKS + 1), high_since=whole,
        dark_since=0, dead=no, hot=no, noisy=no, well=whole, calm=whole, usual=~no,
    )  # fmt: skip


def begin_run(state: BankState) -> BankState:
    """Another run: what was usual before weighs little."""
    return replace(state, base_looks=np.minimum(state.base_looks, BASE_LOOKS_OF_BEFORE), run_looks=0)


def step_banks(state: BankState, look: DetectorLook, layout: DetectorLayout, near: Neighbors) -> BankState:
    """Take a look with beam."""
    most = MOST_RATIO * bank_share(look.counts, near, 0.5) + MOST_MORE
    counts = bank_sums(np.minimum(look.counts, most[layout.bank]), layout)
    state = replace(state, run_looks=state.run_looks + 1, dark_since=0)
    expected = state.base * look.exposure
    compared = (state.base_looks >= 1) & (expected > 0) & (len(counts) >= LEAST_BANKS)
    ratio = np.divide(counts, expected, out=np.ones_like(counts), where=compared)
    state = _step_dead(state, look, counts, expected, _of_others(ratio, compared, 0.75), compared)
    state = _step_high(state, look, counts, expected * _of_others(ratio, compared, 0.5), compared)
    return _learn(state, look, counts)


def step_dark(state: BankState, look: DetectorLook, layout: DetectorLayout, of_pixels: F8) -> BankState:
    """Take a look without beam; `of_pixels`: all counts of each pixel since the beam went away."""
    dark = bank_sums(np.minimum(of_pixels, MOST_OF_PIXEL), layout)
    least = np.maximum(DARK_COUNTS, DARK_COUNTS_OF_PIXEL * np.bincount(layout.bank, minlength=len(dark)))
    others = _of_others(dark, np.ones(len(dark), np.bool_), 0.5)
    noisy = (dark >= least) & (dark > DARK_RATIO * others) & (len(dark) >= LEAST_BANKS) & ~state.hot
    since_ns = state.dark_since or look.at_ns
    return replace(
        state,
        dark_since=since_ns,
        noisy=state.noisy | noisy,
        calm=np.where(noisy, 0, state.calm),
        high_since=np.where(noisy & ~state.noisy, since_ns, state.high_since),
    )


def _of_others(value: F8, compared: B1, share: float) -> F8:
    """For each bank, the value that so many of the others do not reach; 0 where there are none."""
    order = np.flatnonzero(compared)[np.argsort(value[compared])]
    rank = np.full(len(value), len(order))
    rank[order] = np.arange(len(order))
    others = len(order) - compared
    place = np.rint(share * np.maximum(others - 1, 0)).astype(np.int64)
    place += place >= rank  # never its own
    known = np.concatenate((value[order], [0.0, 0.0]))
    return np.where(others > 0, known[np.minimum(place, len(order))], 0.0)


def _step_dead(state: BankState, look: DetectorLook, counts: F8, base: F8, others: F8, compared: B1) -> BankState:
    """The others' upper quartile: where a cabinet fails, half of the banks may die together."""
    expected = base * others
    low = compared & (expected > 0) & (counts < DEAD_SHARE * expected)
    run = np.where(low, state.low_run + 1, 0)
    so_far = np.where(low, state.low_expected + expected, 0.0)
    well = np.where(state.dead & (counts > 0.2 * expected) & (expected > 0), state.well + 1, 0)
    dead = (state.dead | ((run >= DEAD_LOOKS) & (so_far >= DEAD_COUNTS))) & (well < WELL_LOOKS)
    return replace(
        state,
        base_looks=np.where(state.dead & ~dead, 0.0, state.base_looks),  # the sample may be another one now
        low_run=run,
        low_expected=so_far,
        low_since=np.where(low & (state.low_run == 0) & ~state.dead, look.at_ns, state.low_since),
        dead=dead,
        well=well,
        usual=~(compared & (counts < 0.3 * expected)),
    )


def _step_high(state: BankState, look: DetectorLook, counts: F8, expected: F8, compared: B1) -> BankState:
    factor = HIGH_RATIO if state.run_looks > KNOWN_LOOKS else HIGH_RATIO_OF_BEFORE
    above = compared & (expected > 0)
    high = above & (counts > factor * expected + 5 * np.sqrt(factor * expected) + 20)
    normal = ~above | (counts <= USUAL_RATIO * expected + 2 * np.sqrt(USUAL_RATIO * expected) + 2)
    run = np.where(high, state.high_run + 1, 0)
    begins = high & ~state.in_burst
    calm = np.where(high, 0, state.calm + 1)
    noisy = state.noisy | (begins & (state.since_burst <= BURST_LOOKS) & ~state.hot & ~state.dead)
    hot = state.hot | ((run >= HIGH_LOOKS) & ~noisy & ~state.dead)
    return replace(
        state,
        in_burst=(state.in_burst | high) & ~normal,
        high_run=run,
        since_burst=np.where(normal & state.in_burst, 0, np.minimum(state.since_burst + 1, BURST_LOOKS + 1)),
        high_since=np.where(begins & (state.since_burst > BURST_LOOKS), look.at_ns, state.high_since),
        noisy=noisy & (calm < CALM_LOOKS),
        hot=hot & (calm < 2 * WELL_LOOKS),
        calm=calm,
        usual=state.usual & ~high & ~(above & ~normal & state.in_burst),
    )


def _learn(state: BankState, look: DetectorLook, counts: F8) -> BankState:
    learns = state.usual & ~state.dead & ~state.hot & ~state.noisy & ~state.in_burst
    looks = np.where(learns, np.minimum(state.base_looks + 1, BASE_LOOKS), state.base_looks)
    part = np.where(learns, 1 / np.maximum(looks, 1), 0.0)
    return replace(state, base=state.base + part * (counts / look.exposure - state.base), base_looks=looks)
