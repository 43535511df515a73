"""Times of flight of an event file as the stream has them: whole ticks, the same in whatever type and unit."""

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from livereduce.base.errors import OperatorError
from livereduce.stream.adara.wire.layout import MAX_TICKS, TICK_NS
from livereduce.stream.nexus.events import MAX_TOF_US, EventRows, read_tofs

NONE = np.empty(0, np.int64)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[h5py.File]:
    with h5py.File(tmp_path / "file.nxs", "w") as file:
        yield file


def rows_of(file: h5py.File, values: object, dtype: str, unit: str) -> EventRows:
    file["event_time_offset"] = np.asarray(values).astype(dtype)
    file["event_time_offset"].attrs["units"] = unit
    return EventRows(id=1, pulse_ns=NONE, first=NONE, times=file["event_time_offset"])


@pytest.mark.parametrize(
    ("dtype", "unit", "factor"),
    [
        ("<f4", "microsecond", 1.0),
        (">f4", "microsecond", 1.0),
        ("<f8", "microsecond", 1.0),
        ("<f8", "second", 1e6),
        ("<f4", "millisecond", 1e3),
        ("<i4", "ns", 1e-3),
        ("<u2", "microsecond", 1.0),
    ],
)
def test_they_are_rounded_to_ticks_the_half_ones_to_even(file: h5py.File, dtype: str, unit: str, factor: float) -> None:
    edges = np.array([0.0, 0.04, 0.05, 0.15, 0.25, 16_666.65, 20_000.05, 60_000.0])
    values = np.concatenate([edges, np.random.default_rng(3).uniform(0, 60_000, 5000)]) / factor
    rows = rows_of(file, values, dtype, unit)
    found = np.empty(1000, np.int32)
    for start in (0, 7):
        read_tofs(rows, start, found)
        read = rows.times[start : start + 1000].astype(np.float64)
        ticks = np.rint((read if factor == 1.0 else read * factor) * 10)
        np.testing.assert_array_equal(found, TICK_NS * ticks.astype(np.int32))


def test_what_is_longer_than_the_stream_can_tell_is_the_longest_that_it_can(file: h5py.File) -> None:
    found = np.empty(3, np.int32)
    read_tofs(rows_of(file, [MAX_TICKS / 10, MAX_TICKS / 10 + 1, MAX_TOF_US], "<f8", "us"), 0, found)
    assert found.tolist() == 3 * [MAX_TICKS * TICK_NS]


@pytest.mark.parametrize("dtype", ["<f4", "<f8"])
@pytest.mark.parametrize("wrong", [np.nan, -0.5, np.inf, 2 * MAX_TOF_US])
def test_what_is_none_is_named_with_its_place(file: h5py.File, dtype: str, wrong: float) -> None:
    rows = rows_of(file, [1.0, 2.0, 3.0, wrong, 5.0], dtype, "us")
    with pytest.raises(OperatorError, match=r"event_time_offset\[3\]: expected 0 to 429496728, found .* \(1 of 3"):
        read_tofs(rows, 2, np.empty(3, np.int32))
