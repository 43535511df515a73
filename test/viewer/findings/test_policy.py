"""What is named and what is not, one cause at a time, on a detector that is simple enough to know the answer."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from livereduce.viewer.findings.facts import DetectorLayout, DetectorLook, FindingKind, FoundIn, neighbors_of
from livereduce.viewer.findings.policy import FindingsState, first_state, step
from livereduce.viewer.findings.wording import findings, rows_of

BANKS, OF_BANK, BINS = 4, 60, 64
PIXELS = BANKS * OF_BANK
RATE = 20.0
T = np.arange(BINS)
SHAPE = np.exp(-(((T - 25) / 9) ** 2)) + 0.05
LAYOUT = DetectorLayout(
    pixel=np.arange(PIXELS, dtype=np.int32) + 100,
    bank=np.repeat(np.arange(BANKS, dtype=np.int32), OF_BANK),
    names=("1", "2", "bank3", "Bank 4"),
)


class Detector:
    """A detector of equal pixels; `break_` changes its rates, `moved` its spectra."""

    def __init__(self, layout: DetectorLayout = LAYOUT) -> None:
        self.random = np.random.default_rng(7)
        self.layout = layout
        self.state: FindingsState = first_state(layout, BINS)
        self.rate = np.full(len(layout.pixel), RATE)
        self.dark = np.zeros(len(layout.pixel))
        self.moved = np.zeros(len(layout.names))
        self.run, self.looks = 1, 0

    def look(self, count: int, *, beam: float = 1.0, flux: float = 1.0) -> set[tuple[FindingKind, FoundIn, str, str]]:
        """So many looks; what is named after the last one. `flux`: neutrons of the charge."""
        for _ in range(count):
            self.looks += 1
            counts = self.random.poisson(self.rate * beam * flux + self.dark).astype(np.float64)
            total = np.bincount(self.layout.bank, weights=counts, minlength=len(self.layout.names))
            shape = np.stack([np.interp(T - by, T, SHAPE) for by in self.moved])
            spectra = self.random.poisson(total[:, None] * shape / shape.sum(axis=1, keepdims=True)).astype(np.float64)
            look = DetectorLook(
                run=self.run, at_ns=self.looks * 10**9, exposure=beam * 1e8, counts=counts, spectra=spectra
            )  # fmt: skip
            self.state = step(self.state, look)
        return self.named

    @property
    def named(self) -> set[tuple[FindingKind, FoundIn, str, str]]:
        return {(one.kind, one.what, one.bank, one.pixels) for one in findings(self.state, 100.0)}

    def bank(self, number: int) -> slice:
        return slice(number * OF_BANK, (number + 1) * OF_BANK)


@pytest.fixture
def detector() -> Detector:
    made = Detector()
    assert made.look(70) == set()
    return made


PIXEL, BANK = FoundIn


def test_a_dead_pixel_is_named_since_it_died_and_forgotten_when_it_counts_again(detector: Detector) -> None:
    detector.rate[70] = 0
    died_ns = (detector.looks + 1) * 10**9
    assert detector.look(9) == {(FindingKind.DEAD, PIXEL, "2", "170")}
    (found,) = findings(detector.state, 100.0)
    assert abs(found.since_ns - died_ns) <= 2 * 10**9
    assert found.text.startswith("pixel 170 of bank 2 is dead: no counts")
    detector.rate[70] = RATE
    assert detector.look(15) == set()


def test_a_tube_that_dies_is_one_finding(detector: Detector) -> None:
    detector.rate[70:90] = 0
    assert detector.look(9) == {(FindingKind.DEAD, PIXEL, "2", "170-189")}
    (found,) = findings(detector.state, 100.0)
    assert np.flatnonzero(rows_of(found, LAYOUT)).tolist() == list(range(70, 90))
    assert found.text.startswith("20 pixels (170-189) of bank 2 are dead")


def test_a_pixel_that_never_counted_is_named_by_its_neighbors() -> None:
    detector = Detector()
    detector.rate[70] = 0
    assert detector.look(30) == {(FindingKind.DEAD, PIXEL, "2", "170")}


def test_a_hot_pixel_and_a_hot_pair(detector: Detector) -> None:
    detector.rate[[70, 71, 130]] *= 12
    assert detector.look(6) == {(FindingKind.HOT, PIXEL, "2", "170-171"), (FindingKind.HOT, PIXEL, "bank3", "230")}
    detector.rate[:] = RATE
    assert detector.look(20) == set()


def test_bursts_are_noise(detector: Detector) -> None:
    for factor in (15, 1, 1, 15, 1):
        detector.rate[70] = RATE * factor
        detector.look(1)
    assert detector.named == {(FindingKind.NOISY, PIXEL, "2", "170")}
    assert detector.look(70) == set()


def test_a_single_burst_is_nothing(detector: Detector) -> None:
    detector.rate[70] *= 15
    detector.look(2)
    detector.rate[70] = RATE
    assert detector.look(40) == set()


def test_counts_without_beam_are_noise(detector: Detector) -> None:
    detector.dark[70] = 10.0
    assert detector.look(5, beam=0.0) == {(FindingKind.NOISY, PIXEL, "2", "170")}


def test_a_bank_that_counts_without_beam_is_noisy(detector: Detector) -> None:
    detector.dark[detector.bank(1)] = 3.0
    assert detector.look(5, beam=0.0) == {(FindingKind.NOISY, BANK, "2", "")}


def test_a_pixel_however_noisy_makes_no_noisy_bank(detector: Detector) -> None:
    detector.dark[70] = 5000.0
    assert detector.look(30, beam=0.0) == {(FindingKind.NOISY, PIXEL, "2", "170")}
    detector.dark[:] = 0
    detector.look(70)
    detector.rate[70] = 50_000.0
    assert detector.look(10) == {(FindingKind.HOT, PIXEL, "2", "170")}


def test_a_shadow_over_a_third_of_a_bank_hides_no_dead_pixel() -> None:
    detector = Detector()
    detector.rate[60:80] = 0.03 * RATE
    detector.look(70)
    detector.rate[100] = 0
    assert detector.look(9) == {(FindingKind.DEAD, PIXEL, "2", "200")}


def test_a_dead_bank_is_one_finding_and_may_return_with_another_sample(detector: Detector) -> None:
    detector.rate[detector.bank(2)] = 0
    assert detector.look(5) == {(FindingKind.DEAD, BANK, "bank3", "")}
    assert findings(detector.state, 100.0)[0].text.startswith("bank3 is dead: no counts")
    detector.run += 1
    assert detector.look(50) == {(FindingKind.DEAD, BANK, "bank3", "")}
    detector.rate[detector.bank(2)] = 4 * RATE
    assert detector.look(60) == set()


def test_a_hot_bank_and_a_bank_with_bursts(detector: Detector) -> None:
    detector.rate[detector.bank(0)] *= 8
    assert detector.look(6) == {(FindingKind.HOT, BANK, "1", "")}
    detector.rate[:] = RATE
    assert detector.look(20) == set()
    for factor in (8, 1, 8, 1):
        detector.rate[detector.bank(3)] = RATE * factor
        detector.look(1)
    assert detector.named == {(FindingKind.NOISY, BANK, "Bank 4", "")}


@pytest.mark.parametrize(("bins", "words"), [(3.0, "300 µs later"), (-1.5, "150 µs earlier")])
def test_a_bank_whose_times_of_flight_move_says_by_how_much(detector: Detector, bins: float, words: str) -> None:
    detector.moved[1] = bins
    assert detector.look(9) == {(FindingKind.SHIFTED, BANK, "2", "")}
    said = findings(detector.state, 100.0)[0].text
    number, unit, way, *_ = said.removeprefix("bank 2 is shifted: its times of flight are ").split()
    assert (unit, way) == tuple(words.split()[1:])
    assert float(number) == pytest.approx(float(words.split()[0]), abs=30)
    detector.moved[1] = 0
    assert detector.look(25) == set()


def test_a_bank_that_moved_between_two_runs_is_named_beside_the_others(detector: Detector) -> None:
    detector.run += 1
    detector.moved[1] = 3
    assert detector.look(9) == {(FindingKind.SHIFTED, BANK, "2", "")}


# ---- what is no fault


def closes_the_shutter(detector: Detector) -> None:
    detector.look(15, flux=0.0)


def trips(detector: Detector) -> None:
    detector.look(30, beam=0.0)


def loses_power(detector: Detector) -> None:
    detector.look(20, beam=0.3)


def changes_the_sample(detector: Detector) -> None:
    detector.run += 1
    wave = 1 + 0.5 * np.sin(np.arange(PIXELS) / 15)
    detector.rate[:] = RATE * wave * np.repeat([0.5, 1.5, 2.0, 0.4], OF_BANK)


def takes_the_sample_out(detector: Detector) -> None:
    detector.run += 1
    detector.rate[:] = RATE / 6


def brings_a_bragg_peak(detector: Detector) -> None:
    detector.rate[:] += 60 * RATE * np.exp(-(((np.arange(PIXELS) - 88) / 1.6) ** 2))


def moves_all_spectra_with_a_sample(detector: Detector) -> None:
    detector.run += 1
    detector.moved[:] = 3


@pytest.mark.parametrize(
    "happens",
    [
        closes_the_shutter, trips, loses_power, changes_the_sample, takes_the_sample_out, brings_a_bragg_peak,
        moves_all_spectra_with_a_sample,
    ],
    ids=lambda one: one.__name__,
)  # fmt: skip
def test_what_is_no_fault_is_not_named(detector: Detector, happens: Callable[[Detector], None]) -> None:
    happens(detector)
    for _ in range(40):
        assert detector.look(1) == set()


def test_a_bragg_peak_at_the_edge_of_a_shadow_comes_and_goes() -> None:
    detector = Detector()
    detector.rate[80:100] = 0.03 * RATE
    assert detector.look(70) == set()
    usual = detector.rate.copy()
    for middle in (80, 81, 82, 90):
        detector.rate = usual * (1 + 40 * np.exp(-(((np.arange(PIXELS) - middle) / 1.6) ** 2)))
        for _ in range(60):
            assert detector.look(1) == set()
        detector.rate = usual
        for _ in range(40):
            assert detector.look(1) == set()


def test_a_detector_of_one_bank_has_dead_pixels_but_is_never_a_dead_bank() -> None:
    detector = Detector(replace(LAYOUT, bank=np.zeros(PIXELS, np.int32), names=("all",)))
    detector.look(70)
    detector.rate[70] = 0
    assert detector.look(9) == {(FindingKind.DEAD, PIXEL, "all", "170")}
    detector.rate[70] = RATE
    detector.look(15)
    detector.rate[:] = 0
    assert detector.look(20) == set()


def test_few_bins_of_time_of_flight_do_for_all_but_shifts() -> None:
    layout = replace(LAYOUT)
    state = first_state(layout, 1)
    random = np.random.default_rng(1)
    for second in range(90):
        rate = np.full(PIXELS, RATE)
        rate[70] *= second < 75
        counts = random.poisson(rate).astype(np.float64)
        spectra = np.bincount(layout.bank, weights=counts).astype(np.float64)[:, None]
        state = step(state, DetectorLook(run=1, at_ns=second, exposure=1.0, counts=counts, spectra=spectra))
    assert [one.pixels for one in findings(state, 1.0)] == ["170"]


# ---- neighbors


@pytest.mark.parametrize("of_bank", [1, 2, 5, 9, 20])
def test_neighbors_are_the_nearest_numbers_of_the_same_bank(of_bank: int) -> None:
    random = np.random.default_rng(3)
    pixel = random.permutation(3 * of_bank).astype(np.int32)
    bank = (pixel // of_bank).astype(np.int32)
    near = neighbors_of(DetectorLayout(pixel=pixel, bank=bank, names=("a", "b", "c"))).near
    for k in range(len(pixel)):
        others = set(pixel[near[:, k]].tolist())
        assert {number // of_bank for number in others} == {int(bank[k])}
        if of_bank > 8:
            assert int(pixel[k]) not in others
            assert len(others) == 8
            assert max(abs(one - int(pixel[k])) for one in others) <= 8
