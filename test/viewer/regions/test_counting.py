"""Spectra of regions: each bin has exactly the events that numpy counts, whatever the bins and regions are."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.viewing import by_pixels
from livereduce.base.times import NS_PER_S
from livereduce.engine.counting.binning import Binning, make_edges_ns
from livereduce.messages.regions import Region, RegionKind
from livereduce.stream.items import I4
from livereduce.viewer.held_events import HeldEvents, Stretch
from livereduce.viewer.regions.counted import RegionCounts
from livereduce.viewer.regions.counting import SpectrumBins

PIXELS = np.arange(3, 200, dtype=np.int32)


def pixels_of(text: str, tof_us: tuple[float, float] | None = None) -> Region:
    return by_pixels(text, text, tof_us=tof_us)


def place(region: Region) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    first, _, last = region.pixels.partition("-")
    return (int(first) <= PIXELS) & (int(last or first) >= PIXELS)


def counted(bins: Binning) -> RegionCounts:
    return RegionCounts(SpectrumBins(bins), place)


def expected(bins: Binning, tof_ns: I4, pixel: I4, first: int, last: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    edges = bins.edges_ns
    inside = (pixel >= max(first, 3)) & (pixel <= min(last, 199)) & (tof_ns >= edges[0]) & (tof_ns < edges[-1])
    where = np.searchsorted(edges, tof_ns[inside], "right") - 1
    return np.bincount(where, minlength=bins.bins)


def held(tof_ns: I4, pixel: I4) -> HeldEvents:
    events = HeldEvents()
    events.total = len(tof_ns)
    events._stretches = [Stretch(tof_ns, pixel, 0, 0, len(tof_ns), 0)] if len(tof_ns) else []
    return events


BINS = st.one_of(
    st.tuples(st.just(0.0), st.floats(0.5, 400.0), st.floats(500.0, 17_000.0)),
    st.tuples(st.floats(0.5, 50.0), st.floats(-0.5, -0.001), st.floats(60.0, 17_000.0)),
)
RANGES = st.lists(st.tuples(st.integers(0, 210), st.integers(0, 30)), min_size=1, max_size=20)


@settings(deadline=None, max_examples=60)
@given(bins=BINS, ranges=RANGES, seed=st.integers(0, 2**32 - 1), early=st.integers(0, 500))
def test_spectra_are_those_of_numpy_for_what_was_held_and_for_what_comes(
    bins: tuple[float, float, float], ranges: list[tuple[int, int]], seed: int, early: int
) -> None:
    rng = np.random.default_rng(seed)
    binning = Binning(make_edges_ns(*bins))
    tof_ns = rng.integers(-5000, 18_000_000, 1000).astype(np.int32)
    tof_ns[::7] = rng.choice(binning.edges_ns, len(tof_ns[::7]))  # exactly on an edge
    pixel = rng.integers(-3, 260, 1000).astype(np.int32)
    regions = {f"{first}-{first + more}": (first, first + more) for first, more in ranges}
    counts = counted(binning)
    counts.keep(map(pixels_of, regions), PIXELS, held(tof_ns[:early], pixel[:early]))
    counts.add(tof_ns[early:], pixel[early:])
    for text, (first, last) in regions.items():
        one = counts.of(pixels_of(text), PIXELS, held(tof_ns[:0], pixel[:0]))
        np.testing.assert_array_equal(one.spectrum, expected(binning, tof_ns, pixel, first, last))


def test_a_region_counts_only_its_range_of_time_of_flight() -> None:
    binning = Binning(make_edges_ns(0.0, 10.0, 100.0))
    counts = counted(binning)
    tof_ns = np.array([9_999, 10_000, 29_999, 30_000], np.int32)
    region = pixels_of("5", (10.0, 30.0))
    counts.keep([region], PIXELS, HeldEvents())
    counts.add(tof_ns, np.full(4, 5, np.int32))
    assert counts.of(region, PIXELS, HeldEvents()).spectrum.tolist() == [0, 1, 1, *[0] * 7]


def test_a_region_with_another_name_is_not_counted_again_and_one_that_is_removed_frees_its_place() -> None:
    counts = counted(Binning(make_edges_ns(0.0, 10.0, 100.0)))
    nothing = HeldEvents()
    counts.keep([pixels_of("5")], PIXELS, nothing)
    counts.add(np.array([1], np.int32), np.array([5], np.int32))
    renamed = Region(name="renamed", kind=RegionKind.PIXELS, pixels="5")
    counts.keep([renamed], PIXELS, nothing)
    assert counts.of(renamed, PIXELS, nothing).counts == 1
    for turn in range(40):
        counts.keep([pixels_of(str(turn + 10))], PIXELS, nothing)
    counts.keep([pixels_of("5")], PIXELS, nothing)
    assert counts.of(pixels_of("5"), PIXELS, nothing).counts == 0


def test_regions_in_addresses_come_and_go_without_an_end() -> None:
    counts = counted(Binning(make_edges_ns(0.0, 10.0, 100.0)))
    counts.keep([pixels_of(str(10 + at)) for at in range(20)], PIXELS, HeldEvents())
    tof_ns, pixel = np.array([1, 2], np.int32), np.array([10, 100], np.int32)
    counts.add(tof_ns, pixel)
    for at in range(50):
        found = counts.of(pixels_of(f"{60 + at}-{100 + at}"), PIXELS, held(tof_ns, pixel))
        assert found.counts == (60 + at <= 100)
    assert counts.of(pixels_of("10"), PIXELS, HeldEvents()).counts == 1


def test_events_of_a_region_in_each_pulse_over_stretches() -> None:
    rng = np.random.default_rng(3)
    tof_ns, pixel = rng.integers(0, 90_000, 500).astype(np.int32), rng.integers(0, 50, 500).astype(np.int32)
    first = np.sort(np.concatenate([[0, 500], rng.integers(0, 500, 30)]))
    events = held(tof_ns[120:], pixel[120:])
    events._stretches = [
        Stretch(tof_ns, pixel, 120, 120, 130, 120),  # the first 120 are not held any more
        Stretch(tof_ns, pixel, 250, 250, 250, 250),
    ]
    region = pixels_of("7-20", (20.0, 70.0))
    one = counted(Binning(make_edges_ns(0.0, 10.0, 100.0))).of(region, PIXELS, HeldEvents())
    is_inside = (pixel >= 7) & (pixel <= 20) & (tof_ns >= 20_000) & (tof_ns < 70_000)
    is_inside[:120] = False
    sums = np.concatenate([[0], np.cumsum(is_inside)])
    np.testing.assert_array_equal(one.in_pulses(events, first), sums[first[1:]] - sums[first[:-1]])


def test_pulses_that_were_given_up_before_somebody_asked_again_are_not_said_to_be_empty() -> None:
    tof_ns, pixel = np.zeros(300, np.int32), np.full(300, 7, np.int32)
    first, region = np.arange(0, 301, 10), pixels_of("7")
    counts = counted(Binning(make_edges_ns(0.0, 10.0, 100.0)))
    one = counts.of(region, PIXELS, HeldEvents())
    start, found = counts.in_pulses(one, held(tof_ns[:100], pixel[:100]), first[:11])
    assert (start, found.tolist()) == (0, [10] * 10)
    rest = held(tof_ns, pixel)
    rest._stretches = [Stretch(tof_ns, pixel, 100, 100, 200, 100)]  # those that were looked at are gone: no matter
    start, found = counts.in_pulses(one, rest, first[:16])
    assert (start, found.tolist()) == (0, [10] * 15)
    rest._stretches = [Stretch(tof_ns, pixel, 200, 200, 100, 200)]  # so are 50 that were not
    start, found = counts.in_pulses(one, rest, first)
    assert (start, found[20:].tolist()) == (200, [10] * 10)


def test_all_kept_regions_and_forty_that_are_drawn_are_counted_together() -> None:
    counts = counted(Binning(make_edges_ns(0.0, 10.0, 100.0)))
    counts.keep([pixels_of(str(10 + at)) for at in range(20)], PIXELS, HeldEvents())
    drawn = [pixels_of(str(50 + at)) for at in range(40)]
    for region in drawn:
        counts.of(region, PIXELS, HeldEvents())
    counts.add(np.full(190, 1, np.int32), np.arange(3, 193, dtype=np.int32))
    nothing = HeldEvents()
    assert [counts.of(one, PIXELS, nothing).counts for one in (*counts.kept, *drawn)] == [1] * 60


def test_with_very_many_bins_fewer_regions_are_counted_and_memory_is_bounded() -> None:
    counts = counted(Binning(make_edges_ns(0.0, 0.02, 16_700.0)))
    for at in range(40):
        assert counts.of(pixels_of(str(50 + at)), PIXELS, HeldEvents()).counts == 0
    assert counts._spectra.nbytes <= 1 << 28


def test_the_rate_is_that_of_the_last_seconds_of_beam_also_where_it_comes_in_one_piece() -> None:
    counts, region = counted(Binning(make_edges_ns(0.0, 10.0, 100.0))), pixels_of("5")
    counts.keep([region], PIXELS, HeldEvents())
    one = counts.of(region, PIXELS, HeldEvents())
    assert one.rate_per_s == 0
    counts.note(0)
    counts.add(np.zeros(40, np.int32), np.full(40, 5, np.int32))
    counts.note(20 * NS_PER_S)
    assert one.rate_per_s == 2.0
    for second in range(21, 60):
        counts.add(np.zeros(7, np.int32), np.full(7, 5, np.int32))
        counts.note(second * NS_PER_S)
    assert one.rate_per_s == 7.0
