"""Pixels that are dead, hot or noisy, against their own rate before and that of their neighbors now. Pure.

*Dead*: for each pixel the counts that it ought to have had since its last one are added up, cautiously: of its rate
before, that of the dim pixels of its bank now, and its smallest share of the bank's rate so far (in a shadow that is
little, also where a Bragg peak has just shone through) the smallest counts. So neither another sample nor a beam that
fades looks like a fault.

*Hot* and *noisy*: a look is *high* if it has far more counts than even the second brightest of eight neighbors, and
than the brightest that is not high itself. A Bragg peak lifts its neighbors, too: at the end of a tube, or beside a
shadow, one of them at least. High without a pause is hot; high, normal and high again is noisy.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from livereduce.stream.items import B1, F8, I8
from livereduce.viewer.findings.facts import NEAR, DetectorLayout, DetectorLook, Neighbors

DEAD_COUNTS = 24.0
"""A pixel is dead when so many counts were to be expected, by a cautious estimate, and none came: e⁻²⁴."""
CAUTION, CAUTION_OF_NEIGHBORS = 0.7, 0.3
"""Share of the expected counts that is relied on: of a pixel's own rate, and of that of its neighbors alone."""
COST_OF_COUNT = 12.0
"""Expected counts that each count pays off: a pixel with a tenth of its rate is dim, not dead."""
DIM_SHARE, LIT_SHARE = 0.2, 0.2
"""The dim pixels of a bank: a fifth of those that are lit, which usually have a fifth of the rate of its middle one."""
HIGH_RATIO, NORMAL_RATIO = 5.0, 1.5
"""Counts beside those of the second brightest neighbor: at least in a high look, and at most in a normal one."""
THIRD_DIMMEST, SECOND_BRIGHTEST = 2, NEAR - 2
"""Which of the neighbors a pixel is compared with: up to two may be faulty themselves, or one."""
HIGH_LOOKS = 4
"""High looks in a row that make a pixel hot."""
BURST_LOOKS = 30
"""A burst within so many looks after the end of another one makes a pixel noisy."""
BASE_LOOKS, BASE_LOOKS_OF_BEFORE = 300.0, 20.0
"""Looks over which the usual rate is averaged; what the rate of the run before weighs in a new one."""
UNKNOWN = 1e30
"""A share that is larger than any."""
SHARE_OF_NEIGHBOR = 3.0
"""How many times the smallest share of its third dimmest neighbor a pixel is expected to have at most."""
WINDOW_LOOKS, FORGETS = 30, 1.02
"""Looks after which the share of each pixel in its bank is taken, and what the smallest one grows by each time."""
FAST = 0.75
"""What the present rate keeps of itself with each look: it is that of about four."""
WELL_LOOKS, CALM_LOOKS = 5, 60
"""Looks without a sign after which a dead or hot pixel, and a noisy one, counts as well again."""
DARK_COUNTS, DARK_RATIO = 20.0, 10.0
"""Counts without beam, and how many times those of the third of the neighbors, that make a pixel noisy."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PixelState:
    """What is known of each pixel; all arrays have shape (n,).

    Attributes
    ----------
    base, base_looks
        Usual rate per exposure, and the looks that it was averaged over.
    least_share, window, windowed
        The smallest share of the rate of its bank's middle pixel that it had so far (`UNKNOWN`: not yet), counts
        since that was last looked at, and looks.
    recent, recent_exposure
        Counts of the last looks, each weighing less than the next, and their exposure.
    missing, missing_since
        Counts that were to be expected since the last one (see `DEAD_COUNTS`), and since when.
    in_burst, high_run, since_burst, high_since
        The last look that was high or normal was high; high looks in a row; looks since the end of the last burst; the
        time of the first high look.
    dark, dark_since
        Counts since the beam went away, and when the first look without beam was.
    dead, hot, noisy, well, calm
        What is named; looks since then without a sign of it.
    """

    base: F8
    base_looks: F8
    least_share: F8
    window: F8
    windowed: int
    recent: F8
    recent_exposure: float
    missing: F8
    missing_since: I8
    in_burst: B1
    high_run: I8
    since_burst: I8
    high_since: I8
    dark: F8
    dark_since: int
    dead: B1
    hot: B1
    noisy: B1
    well: I8
    calm: I8


def first_pixels(pixels: int) -> PixelState:
    """Nothing is known yet."""
    no, zero, whole = np.zeros(pixels, np.bool_), np.zeros(pixels), np.zeros(pixels, np.int64)
    return PixelState(
        base=zero, base_looks=zero, least_share=np.full(pixels, UNKNOWN),
        window=zero, windowed=0, recent=zero, recent_exposure=0.0, missing=zero, missing_since=whole,
        in_burst=no, high_run=whole, since_burst=np.full(pixels, BURST_LOOKS + 1), high_since=whole,
        dark=zero, dark_since=0, dead=no, hot=no, noisy=no, well=whole, calm=whole,
    )  # fmt: skip


def begin_run(state: PixelState) -> PixelState:
    """Another run: with another sample, perhaps, so that what was usual before weighs little."""
    return replace(state, base_looks=np.minimum(state.base_looks, BASE_LOOKS_OF_BEFORE))


def step_pixels(
    state: PixelState, look: DetectorLook, layout: DetectorLayout, near: Neighbors, judged: B1
) -> PixelState:
    """Take a look with beam.

    Parameters
    ----------
    judged
        Pixels of banks that are as usual; the others are not judged, and nothing is learned from them.
    """
    recent = FAST * state.recent + look.counts
    exposure = FAST * state.recent_exposure + look.exposure
    state = replace(state, recent=recent, recent_exposure=exposure, dark=np.zeros_like(recent), dark_since=0)
    beside = _beside(recent / exposure, look.counts, near)
    state = _step_dead(state, look, _expected(state, look, layout, near, beside), judged)
    state = _step_high(state, look, near, beside, judged)
    return _learn(state, look, layout, near, judged)


def step_dark(state: PixelState, look: DetectorLook, near: Neighbors) -> PixelState:
    """Take a look without beam."""
    dark = state.dark + look.counts
    others = np.partition(dark[near.near], SECOND_BRIGHTEST, axis=0)[SECOND_BRIGHTEST]
    noisy = (dark >= DARK_COUNTS) & (dark > DARK_RATIO * others) & ~state.hot
    return replace(
        state,
        dark=dark,
        dark_since=state.dark_since or look.at_ns,
        noisy=state.noisy | noisy,
        calm=np.where(noisy, 0, state.calm),
        high_since=np.where(noisy & ~state.noisy, state.dark_since or look.at_ns, state.high_since),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Beside:
    """Of the neighbors of each pixel: third dimmest and second brightest rate of late, second brightest counts now."""

    dim_rate: F8
    bright_rate: F8
    bright: F8


def _beside(rate: F8, counts: F8, near: Neighbors) -> _Beside:
    lately, now = rate[near.near], counts[near.near]
    lately.partition((THIRD_DIMMEST, SECOND_BRIGHTEST), axis=0)
    now.partition(SECOND_BRIGHTEST, axis=0)
    return _Beside(lately[THIRD_DIMMEST].copy(), lately[SECOND_BRIGHTEST].copy(), now[SECOND_BRIGHTEST].copy())


# ---- dead


def _step_dead(state: PixelState, look: DetectorLook, expected: F8, judged: B1) -> PixelState:
    missing = np.where(judged, np.maximum(state.missing + expected - COST_OF_COUNT * look.counts, 0.0), state.missing)
    named = judged & (missing >= DEAD_COUNTS) & ~state.hot & ~state.noisy
    comes = (expected > 0) & (state.recent * look.exposure > 0.3 * expected * state.recent_exposure)
    well = np.where(state.dead & comes, state.well + 1, 0)
    gone = state.dead & (well >= WELL_LOOKS)
    return replace(
        state,
        base_looks=np.where(gone, 0.0, state.base_looks),  # the sample may be another one now
        least_share=np.where(gone, UNKNOWN, state.least_share),
        missing=np.where(gone, 0.0, np.minimum(missing, 2 * DEAD_COUNTS)),
        missing_since=np.where((state.missing == 0) & (missing > 0), look.at_ns, state.missing_since),
        dead=(state.dead | named) & ~gone,
        well=well,
    )


def _expected(state: PixelState, look: DetectorLook, layout: DetectorLayout, near: Neighbors, beside: _Beside) -> F8:
    """Counts that each pixel has at least in this look, by a cautious estimate."""
    rate: F8 = state.recent / state.recent_exposure
    dim, usual, steady = (each[layout.bank] for each in _banks(state, look, layout, near, rate))
    # a peak that has shone since the first look hides that its pixels lie in a shadow; those around it tell
    around = SHARE_OF_NEIGHBOR * np.partition(state.least_share[near.near], THIRD_DIMMEST, axis=0)[THIRD_DIMMEST]
    least = np.minimum(state.least_share, around) * bank_share(rate, near, 0.5)[layout.bank]
    own = CAUTION * np.minimum(np.minimum(state.base * usual, dim), least)
    others = CAUTION_OF_NEIGHBORS * np.minimum(beside.dim_rate, dim)
    expected: F8 = np.maximum(own, others) * steady * look.exposure
    return expected


def _banks(
    state: PixelState, look: DetectorLook, layout: DetectorLayout, near: Neighbors, rate: F8
) -> tuple[F8, F8, F8]:
    """Of each bank: the rate of its dim pixels; its rate now by that before; its counts now by those of late, if fewer.

    The last one keeps a beam that has just gone from being taken for pixels that have died.
    """
    now, lately, before = (bank_sums(each, layout) for each in (look.counts, rate, state.base))
    usual = np.divide(lately, before, out=np.zeros_like(now), where=before > 0)
    steady = np.divide(now, lately * look.exposure, out=np.zeros_like(now), where=lately > 0)
    lit = state.base >= LIT_SHARE * bank_share(state.base, near, 0.5)[layout.bank]
    return bank_share(np.where(lit, rate, np.inf), near, DIM_SHARE), usual, np.minimum(steady, 1.0)


def bank_sums(each: F8, layout: DetectorLayout) -> F8:
    """Sums over the pixels of each bank."""
    sums: F8 = np.bincount(layout.bank, weights=each, minlength=len(layout.names)).astype(np.float64)
    return sums


def bank_share(each: F8, near: Neighbors, share: float) -> F8:
    """The value that so many of the pixels of each bank do not reach, of those where it is finite; 0 without any."""
    found = np.zeros(len(near.first) - 1)
    for bank, (first, end) in enumerate(pairwise(near.first.tolist())):
        here = each[near.by_bank[first:end]]
        here = here[np.isfinite(here)]
        if len(here):
            k = int(share * len(here))
            found[bank] = np.partition(here, k)[k]
    return found


# ---- hot and noisy


def _step_high(state: PixelState, look: DetectorLook, near: Neighbors, beside: _Beside, judged: B1) -> PixelState:
    bright = np.maximum(beside.bright, beside.bright_rate * look.exposure)
    high = judged & _is_high(look.counts, bright)
    some = np.flatnonzero(high)
    high[some] = _is_high(look.counts[some], np.where(high, 0.0, look.counts)[near.near[:, some]].max(axis=0))
    normal = look.counts <= NORMAL_RATIO * bright + 2 * np.sqrt(NORMAL_RATIO * bright) + 2
    run = np.where(high, state.high_run + 1, 0)
    begins = high & ~state.in_burst
    again = begins & (state.since_burst <= BURST_LOOKS)
    ends = normal & state.in_burst
    noisy = state.noisy | (again & ~state.dead & ~state.hot)
    hot = state.hot | ((run >= HIGH_LOOKS) & ~noisy & ~state.dead)
    calm = np.where(high, 0, state.calm + 1)
    return replace(
        state,
        in_burst=(state.in_burst | high) & ~normal,
        high_run=run,
        since_burst=np.where(ends, 0, np.minimum(state.since_burst + 1, BURST_LOOKS + 1)),
        high_since=np.where(begins & (state.since_burst > BURST_LOOKS), look.at_ns, state.high_since),
        noisy=noisy & (calm < CALM_LOOKS),
        hot=hot & (calm < 2 * WELL_LOOKS),
        calm=calm,
    )


def _is_high(counts: F8, beside: F8) -> B1:
    """Far more counts than beside it, and more than chance explains."""
    most = HIGH_RATIO * beside
    high: B1 = counts > most + 4 * np.sqrt(most) + 6
    return high


# ---- what is usual


def _learn(state: PixelState, look: DetectorLook, layout: DetectorLayout, near: Neighbors, judged: B1) -> PixelState:
    """Average the usual rate of pixels that are as usual."""
    learns = judged & ~state.dead & ~state.hot & ~state.noisy & ~state.in_burst & (state.missing < DEAD_COUNTS / 3)
    looks = np.where(learns, np.minimum(state.base_looks + 1, BASE_LOOKS), state.base_looks)
    part = np.where(learns, 1 / np.maximum(looks, 1), 0.0)
    base = state.base + part * (look.counts / look.exposure - state.base)
    state = replace(state, base=base, base_looks=looks, window=state.window + look.counts, windowed=state.windowed + 1)
    return state if state.windowed < WINDOW_LOOKS else _end_window(state, layout, near, learns)


def _end_window(state: PixelState, layout: DetectorLayout, near: Neighbors, learns: B1) -> PixelState:
    """What share of its bank's rate each pixel had, if that is less than ever; what was long ago counts less."""
    middle = bank_share(state.window, near, 0.5)[layout.bank]
    share = np.divide(state.window, middle, out=np.full(len(middle), UNKNOWN), where=learns & (middle > 0))
    least = np.minimum(np.minimum(state.least_share * FORGETS, UNKNOWN), share)
    return replace(state, least_share=least, window=np.zeros_like(middle), windowed=0)
