"""Events of workspaces: pending in every way, with what goes wrong in the field among them."""

import numpy as np
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from helpers.items import S_NS, event_batch
from livereduce.engine.matrix.conversion import unit_maps
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.matrix.events.pixel_maps import PixelMaps
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.workspaces.events import Events
from livereduce.stream.items import B1, F8, EventBatch

PIXELS = 5
"""Pixels 0 to 3, and the entry for those beyond."""
ROWS = 3


def batch(tof_ns: ArrayLike, pixel: ArrayLike, *, first: list[int] | None = None) -> EventBatch:
    """One piece of events; one pulse, or those that `first` says, a second apart."""
    per_pulse = [np.size(tof_ns)] if first is None else np.diff(first).tolist()
    pulse_ns = np.arange(1, len(per_pulse) + 1, dtype=np.int64) * S_NS
    return event_batch(1, tof_ns, pixel, per_pulse=per_pulse, pulse_ns=pulse_ns)


def pending(*pieces: EventBatch, row_of_pixel: list[int] | None = None, x: Grid | None = None) -> PendingEvents:
    """Events with nothing pending but their rows: one a pixel, of four pixels."""
    rows = row_of_pixel if row_of_pixel is not None else [0, 1, 2, 3, -1]
    grid = x or Grid(np.array([0.0, 20_000.0]))
    return PendingEvents(events=Events(pieces), row_of_pixel=np.array(rows, np.int32), rows=max([*rows, 0]) + 1, x=grid)


times = st.one_of(
    st.integers(-3_000, 30_000),
    st.integers(0, 300).map(lambda n: n * 100_000),
    st.sampled_from([-(2**31), 2**31 - 1, 0, 1, 999, 1000, 1001]),
)
pixels = st.one_of(st.integers(-2, PIXELS + 1), st.sampled_from([2**31 - 1, -(2**31)]))


@st.composite
def pieces(draw: st.DrawFn) -> EventBatch:
    """A piece of up to 12 events in up to 4 pulses."""
    events = draw(st.lists(st.tuples(times, pixels), max_size=12))
    cuts = sorted(draw(st.lists(st.integers(0, len(events)), max_size=3)))
    return batch([t for t, _ in events], [p for _, p in events], first=[0, *cuts, len(events)])


def tables(low: float, high: float, *, also: tuple[float, ...] = ()) -> st.SearchStrategy[F8]:
    """A number for each pixel."""
    number = st.floats(low, high, width=32)
    numbers = st.one_of(number, st.sampled_from(also)) if also else number
    return st.lists(numbers, min_size=PIXELS, max_size=PIXELS).map(lambda values: np.array(values, np.float64))


@st.composite
def maps(draw: st.DrawFn) -> PixelMaps | None:
    """Every kind of map, with pixels that have none."""
    kind = draw(st.sampled_from(["none", "linear", "dSpacing", "MomentumTransfer", "Energy", "DeltaE", "calibrated"]))
    if kind == "none":
        return None
    if kind == "linear":
        return PixelMaps(scale=draw(tables(0.0625, 3, also=(np.nan,))), zero=draw(tables(-5, 5)))
    l2, two_theta = draw(tables(0.25, 3)), draw(tables(0.125, 3, also=(0.0, np.nan)))
    if kind == "DeltaE":
        return unit_maps.direct(kind, 25.0, 0.001, l2 / 1000)
    if kind == "calibrated":
        return unit_maps.calibrated(draw(tables(1, 9, also=(0.0, np.nan))), draw(tables(-2, 2)), draw(tables(-5, 5)))
    return unit_maps.elastic("TOF", kind, 0.01, l2 / 1000, two_theta)


@st.composite
def contents(draw: st.DrawFn) -> PendingEvents:
    """Events with anything pending."""
    events = Events(tuple(draw(st.lists(pieces(), max_size=3))))
    of_pixels = draw(st.lists(st.integers(-1, ROWS - 1), min_size=PIXELS - 1, max_size=PIXELS - 1))
    rows = [*of_pixels, -1]  # a pixel beyond the table has no spectrum
    weight = draw(st.one_of(st.none(), st.just(np.full(PIXELS, 0.5)), tables(-2, 2, also=(np.nan, 0.0))))
    limits = draw(st.one_of(st.none(), st.tuples(tables(-3000, 9000), tables(9000, 40000))))
    return PendingEvents(
        events=events,
        row_of_pixel=np.array(rows, np.int32),
        rows=ROWS,
        x=Grid(np.array([0.0, 1.0])),
        maps=draw(maps()),
        weight=weight,
        variance=None if weight is None else weight * weight,
        kept=draw(st.one_of(st.none(), st.just(tuple(_some_kept(piece) for piece in events.pieces)))),
        least_ns=None if limits is None else limits[0].astype(np.int64),
        end_ns=None if limits is None else limits[1].astype(np.int64),
        removed_ns=draw(st.sampled_from([(), ((0, 1000), (5000, 7000))])),
    )


def _some_kept(piece: EventBatch) -> B1 | None:
    return np.arange(len(piece.pulse_ns)) % 2 == 0 if len(piece.pulse_ns) > 1 else None


@st.composite
def edge_grids(draw: st.DrawFn) -> Grid:
    """Linear, logarithmic, irregular and ragged edges, some of them exactly at times of events in µs."""
    kind = draw(st.sampled_from(["linear", "logarithmic", "any", "ragged"]))
    if kind == "linear":
        start, step = draw(st.sampled_from([-1.0, 0.0, 0.5])), draw(st.sampled_from([0.1, 0.7, 100.0]))
        return Grid(start + step * np.arange(draw(st.integers(1, 40)), dtype=np.float64))
    if kind == "logarithmic":
        return Grid(0.3 * 1.02 ** np.arange(draw(st.integers(2, 300)), dtype=np.float64))
    if kind == "any":
        return Grid(draw(_edges()))
    return Grid.ragged([draw(_edges()) for _ in range(ROWS)])


@st.composite
def _edges(draw: st.DrawFn) -> F8:
    number = st.one_of(st.integers(-2000, 30000).map(lambda n: n / 1000), st.floats(-10, 1e300), st.just(np.inf))
    return np.array(sorted(set(draw(st.lists(number, min_size=0, max_size=8)))), np.float64)
