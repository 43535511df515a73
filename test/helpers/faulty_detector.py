"""A detector in which things go wrong at known times: runs of several samples, beam trips, faults of all kinds.

It makes looks (`DetectorLook`), not events, so that a week takes minutes. Everything comes from one seed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.viewer.findings.facts import DetectorLayout, DetectorLook, FindingKind, FoundIn
from livereduce.viewer.findings.policy import FindingsState, first_state, step

BANKS, TUBES, TUBE = 12, 8, 64
"""Banks of so many tubes of so many pixels."""
PIXELS = BANKS * TUBES * TUBE
BINS = 64
LOOK_S = 1.0
NS = 1_000_000_000
WITHIN_S = 10.0
SETTLED_S = 90.0
"""No fault begins so soon after the very first look: nothing is known then."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault of a few pixels (indices) or of a bank, from a look on for so many looks with beam."""

    kind: FindingKind
    what: FoundIn
    where: tuple[int, ...]
    begins: int
    ends: int
    strength: float


@dataclass(slots=True, kw_only=True)
class Tally:
    """What has come of it.

    Attributes
    ----------
    late
        Faults that were not named within `WITHIN_S` of beam, as the right kind.
    false
        What was named although nothing was wrong with it.
    """

    looks: int = 0
    faults: int = 0
    late: list[Fault] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    by_kind: dict[str, list[int]] = field(default_factory=dict)

    @property
    def named_share(self) -> float:
        """Share of the faults that were named in time."""
        return 1 - len(self.late) / self.faults if self.faults else 1.0


def layout() -> DetectorLayout:
    """The detector."""
    bank = np.repeat(np.arange(BANKS, dtype=np.int32), TUBES * TUBE)
    return DetectorLayout(
        pixel=np.arange(PIXELS, dtype=np.int32) + 1000 * (1 + bank),
        bank=bank,
        names=tuple(f"bank{k + 1}" for k in range(BANKS)),
    )


class Instrument:
    """Rates of all pixels, and spectra of all banks, for one sample after the other."""

    def __init__(self, random: np.random.Generator) -> None:
        self.random = random
        self.efficiency = random.normal(1.0, 0.08, PIXELS).clip(0.7, 1.3)
        # shadows that are always there: the beam stop, over the ends of some tubes, and the edge of a window
        along = np.arange(PIXELS) % TUBE
        bank = np.arange(PIXELS) // (TUBES * TUBE)
        self.efficiency[(bank == 3) & (along > 44)] *= 0.03
        self.efficiency[(bank == 8) & (along < 9)] *= 0.25
        self.next_sample()

    def next_sample(self) -> None:
        """A powder, a liquid, a single crystal, or an empty can."""
        random = self.random
        self.kind = str(random.choice(["powder", "liquid", "crystal", "empty"]))
        level = {"powder": 25.0, "liquid": 18.0, "crystal": 12.0, "empty": 9.0}[self.kind] * random.uniform(0.9, 1.3)
        bank = np.arange(PIXELS) // (TUBES * TUBE)
        along = (np.arange(PIXELS) % TUBE) / TUBE
        wave = 1 + 0.3 * np.sin(2 * np.pi * (along * random.uniform(0.3, 1.2) + bank / BANKS + random.uniform()))
        self.rate: Floats = level * wave * random.uniform(0.75, 1.3, BANKS)[bank] * self.efficiency
        self.spots = self._spots() if self.kind == "crystal" else []
        t = np.arange(BINS)
        middle, width = random.uniform(17, 21), random.uniform(8, 10)
        hump = np.exp(-(((t - middle) / width) ** 2)) + 0.6 * np.exp(-t / random.uniform(15, 25)) * (t > 4) + 0.02
        rings = random.uniform(10, 55, 4)
        heights = random.uniform(0, 0.8 if self.kind == "powder" else 0.05, 4)
        angle = np.linspace(0.92, 1.08, BANKS)[:, None]
        peaks = sum(h * np.exp(-(((t - at * angle) / 0.9) ** 2)) for at, h in zip(rings, heights, strict=True))
        self.shape: Floats = hump * (1 + peaks)
        self.shape /= self.shape.sum(axis=1, keepdims=True)

    def _spots(self) -> list[tuple[int, int, float, float]]:
        """Bragg peaks of a crystal: bank, tube, place along it, height; they move when it turns."""
        random = self.random
        return [
            (int(random.integers(BANKS)), int(random.integers(TUBES)), float(random.uniform(4, TUBE - 4)),
             float(random.uniform(5, 40)))
            for _ in range(30)
        ]  # fmt: skip

    def turn(self) -> None:
        """The crystal turns: each of its peaks goes somewhere else."""
        if self.spots:
            self.spots = self._spots()

    def rates(self) -> Floats:
        """Counts of each pixel per second of full beam."""
        rate = self.rate.copy()
        cube = rate.reshape(BANKS, TUBES, TUBE)
        along = np.arange(TUBE)
        for bank, tube, at, height in self.spots:
            peak = height * np.exp(-(((along - at) / 1.6) ** 2))
            for beside, share in ((tube - 1, 0.3), (tube, 1.0), (tube + 1, 0.3)):
                if 0 <= beside < TUBES:
                    cube[bank, beside] *= 1 + share * peak
        return rate


def faults(random: np.random.Generator, looks: int, every: float) -> list[Fault]:
    """Faults of all kinds, about one for so many looks; no two at the same place at a time."""
    found: list[Fault] = []
    at = SETTLED_S
    while (at := at + random.uniform(0.5, 1.5) * every) < looks - 60:
        kind = FindingKind(random.choice(list(FindingKind)))
        what = FoundIn.BANK if kind is FindingKind.SHIFTED or random.uniform() < 0.3 else FoundIn.PIXEL
        begins = int(at)
        ends = begins + int(random.uniform(40, 160))
        busy = {place for one in found if one.ends + 150 > begins for place in _bank_of(one)}
        free = [bank for bank in range(BANKS) if bank not in busy]
        if free and len(busy) < 5:
            bank = int(random.choice(free))
            found.append(_fault(random, kind, what, bank, begins, ends))
    return found


def _fault(random: np.random.Generator, kind: FindingKind, what: FoundIn, bank: int, begins: int, ends: int) -> Fault:
    where: tuple[int, ...] = (bank,)
    if what is FoundIn.PIXEL:
        # away from the shadows, where nothing is to be seen in ten seconds
        first = bank * TUBES * TUBE + int(random.integers(TUBES)) * TUBE + int(random.integers(12, 40))
        size = int(random.integers(1, 3)) if kind is not FindingKind.DEAD or random.uniform() < 0.7 else TUBE - 24
        where = tuple(range(first, min(first + size, bank * TUBES * TUBE + TUBES * TUBE)))
        where = tuple(one for one in where if 12 <= one % TUBE < 42)
    strength = {
        FindingKind.DEAD: 0.0,
        FindingKind.HOT: random.uniform(12, 60),
        FindingKind.NOISY: random.uniform(15, 60),
        FindingKind.SHIFTED: float(random.choice([-1, 1])) * random.uniform(1.5, 6),
    }[kind]
    return Fault(kind=kind, what=what, where=where, begins=begins, ends=ends, strength=strength)


def _bank_of(fault: Fault) -> tuple[int, ...]:
    return fault.where if fault.what is FoundIn.BANK else tuple({one // (TUBES * TUBE) for one in fault.where})


class Week:
    """Looks of a simulated week, or of a part of it.

    Parameters
    ----------
    looks
        Looks with beam.
    every
        Looks with beam between two faults.
    broken
        These faults instead of random ones.
    """

    def __init__(self, seed: int, looks: int, every: float = 0.0, broken: list[Fault] | None = None) -> None:
        self.random = np.random.default_rng(seed)
        self.instrument = Instrument(self.random)
        self.faults = faults(self.random, looks, every) if broken is None else broken
        self.looks = looks
        self._bursting: dict[int, tuple[bool, int]] = {}

    def play(self) -> Iterator[tuple[int, DetectorLook]]:
        """Looks, each with the number of those with beam before it."""
        random, run, left, now_ns, beam = self.random, 1, 0, 0, 0
        base = self.instrument.rates()
        trip_at, flux = random.exponential(1500.0), 1.0
        while beam < self.looks:
            if left <= 0:
                run, left = run + 1, int(random.uniform(300, 3600))
                self.instrument.next_sample()
                base = self.instrument.rates()
            elif self.instrument.spots and random.uniform() < 1 / 300:
                self.instrument.turn()
                base = self.instrument.rates()
            if beam >= trip_at:
                trip_at = beam + random.exponential(1500.0)
                for _ in range(int(random.uniform(2, 60))):
                    now_ns += NS
                    yield beam, self._look(run, now_ns, base, 0.0, beam, flux)
                flux = 0.4 if random.uniform() < 0.3 else 1.0  # the beam comes back with less power, and ramps up
            flux = min(1.0, flux + 0.02)
            shutter = 0.0 if random.uniform() < 0.0005 else 1.0  # closed for a look, with the accelerator on
            now_ns += NS
            yield beam, self._look(run, now_ns, base, flux, beam, shutter)
            beam, left = beam + 1, left - 1

    def _look(self, run: int, at_ns: int, base: Floats, flux: float, beam: int, shutter: float) -> DetectorLook:
        rate = base * flux * shutter * self.random.normal(1.0, 0.01)
        dark = np.full(PIXELS, 0.002)
        moved = np.zeros(BANKS)
        for number, fault in enumerate(self.faults):
            if fault.begins <= beam < fault.ends:
                self._break(number, fault, base, rate, dark, moved)
        counts = self.random.poisson(rate + dark).astype(np.float64)
        spectra = self._spectra(counts, moved)
        return DetectorLook(run=run, at_ns=at_ns, exposure=flux * 3e8, counts=counts, spectra=spectra)

    def _break(self, number: int, fault: Fault, base: Floats, rate: Floats, dark: Floats, moved: Floats) -> None:
        here: Any = list(fault.where)
        if fault.what is FoundIn.BANK:
            here = slice(fault.where[0] * TUBES * TUBE, (fault.where[0] + 1) * TUBES * TUBE)
        match fault.kind:
            case FindingKind.DEAD:
                rate[here] = dark[here] = 0.0
            case FindingKind.HOT:
                rate[here] += fault.strength * base[here] * (rate.sum() > 0)
            case FindingKind.NOISY:
                if self._burst(number):
                    dark[here] += fault.strength * base[here]
            case FindingKind.SHIFTED:
                moved[fault.where[0]] = fault.strength

    def _burst(self, number: int) -> bool:
        """Bursts of one or two looks, with one to three in between."""
        on, left = self._bursting.get(number, (False, 1))
        if left <= 0:
            on, left = not on, int(self.random.integers(1, 3) if not on else self.random.integers(1, 4))
        self._bursting[number] = on, left - 1
        return on

    def _spectra(self, counts: Floats, moved: Floats) -> Floats:
        total = counts.reshape(BANKS, -1).sum(axis=1)
        t = np.arange(BINS, dtype=np.float64)
        shape = np.stack(
            [np.interp(t - by, t, one) if by else one for by, one in zip(moved, self.instrument.shape, strict=True)]
        )
        shape /= shape.sum(axis=1, keepdims=True)
        spectra: Floats = self.random.poisson(total[:, None] * shape).astype(np.float64)
        return spectra


def judge(week: Week) -> Tally:
    """Let the search look at a week, and compare what it names with what was wrong."""
    state, tally = first_state(layout(), BINS), Tally(faults=len(week.faults))
    waiting = dict(enumerate(week.faults))
    named: set[tuple[FindingKind, FoundIn, int]] = set()
    for beam, look in week.play():
        state, before = step(state, look), named
        named = _named(state)
        for new in named - before:
            if not _is_wrong(week, new, beam):
                tally.false.append(f"{new} at look {beam}, sample {week.instrument.kind}")
        for number, fault in list(waiting.items()):
            if beam < fault.begins:
                continue
            if beam >= fault.begins + WITHIN_S:
                waiting.pop(number)
                tally.late.append(fault)
            elif all((fault.kind, fault.what, one) in named for one in fault.where):
                waiting.pop(number)
                tally.by_kind.setdefault(f"{fault.kind} {fault.what}", []).append(beam + 1 - fault.begins)
    tally.looks = week.looks
    return tally


def _named(state: FindingsState) -> set[tuple[FindingKind, FoundIn, int]]:
    banks, pixels = state.banks, state.pixels
    alone = ~(banks.dead | banks.hot | banks.noisy)[state.layout.bank]
    found = {
        (FindingKind.DEAD, FoundIn.BANK): banks.dead,
        (FindingKind.HOT, FoundIn.BANK): banks.hot,
        (FindingKind.NOISY, FoundIn.BANK): banks.noisy,
        (FindingKind.SHIFTED, FoundIn.BANK): state.shifts.shifted,
        (FindingKind.DEAD, FoundIn.PIXEL): pixels.dead & alone,
        (FindingKind.HOT, FoundIn.PIXEL): pixels.hot & alone,
        (FindingKind.NOISY, FoundIn.PIXEL): pixels.noisy & alone,
    }
    return {(kind, what, int(k)) for (kind, what), flags in found.items() for k in np.flatnonzero(flags)}


def _is_wrong(week: Week, named: tuple[FindingKind, FoundIn, int], beam: int) -> bool:
    """True if something is wrong there, or was until a minute ago."""
    _, what, where = named
    return any(
        fault.what is what and where in fault.where and fault.begins <= beam < fault.ends + 60 for fault in week.faults
    )
