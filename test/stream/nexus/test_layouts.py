"""Files of other facilities: the same value, whatever the layout; odd ones are refused by name, or said."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from helpers.event_files import PER_PULSE, PULSES, UNIX_START_S, ess_file, isis_file, put
from livereduce.base.errors import OperatorError
from livereduce.base.times import epics_ns
from livereduce.stream.items import EventBatch, Geometry, Item, LogBatch, MonitorBatch, StartFrom
from livereduce.stream.nexus.contents import EventFile
from livereduce.stream.nexus.event_file import read_event_file
from livereduce.stream.nexus.source import NexusSource

Spoil = Callable[[h5py.Group], object]
PULSE_NS = np.rint(np.arange(PULSES) / 60 * 1e9).astype(np.int64)


def items_of(path: Path) -> list[Item]:
    source = NexusSource(path)
    source.open(StartFrom.RUN_START)
    items: list[Item] = []
    while not source.state().ended:
        items += source.read(0.0)
    return items


def some(items: list[Item], kind: type[Any]) -> list[Any]:
    return [item for item in items if isinstance(item, kind)]


def test_a_file_of_isis(tmp_path: Path) -> None:
    file = read_event_file(isis_file(tmp_path / "isis.nxs"))
    assert (file.run, file.instrument, file.title, file.proposal) == (4711, "LOQ", "a run", "RB42")
    (bank,) = file.banks
    assert (bank.id, bank.tof_us.size, bank.pulse_ns.tolist()) == (1, PULSES * PER_PULSE, PULSE_NS.tolist())
    assert bank.pixels is not None
    assert bank.pixels.tolist() == list(range(3, 20))
    assert np.allclose(file.charge_pc, 1e-6 * 3.6e9)
    assert {log.name: log.value.tolist() for log in file.logs} == {"temp": [280.0, 281.0], "run_status": [1, 2]}
    assert file.notes == (
        "/raw_data_1: events have spectrum numbers, which are taken for pixels",
        "monitor_1: left out: a histogram, not events",
    )


def test_pulses_of_isis_have_periods(tmp_path: Path) -> None:
    (batch,) = some(items_of(isis_file(tmp_path / "isis.nxs")), EventBatch)
    assert batch.period.tolist() == [1, 2] * (PULSES // 2)
    assert batch.pulse_ns[0] == epics_ns(UNIX_START_S)


def test_a_file_of_ess(tmp_path: Path) -> None:
    items = items_of(ess_file(tmp_path / "ess.nxs"))
    (batch,) = some(items, EventBatch)
    assert batch.pulse_ns.tolist() == (epics_ns(UNIX_START_S) + PULSE_NS).tolist(), "to the nanosecond"
    assert np.diff(batch.first).tolist() == [2 * PER_PULSE] * PULSES
    assert sorted(set(batch.pixel.tolist())) == [1, 2, 3, 4, 101, 102, 103, 104]
    assert batch.tof_ns[:4].tolist() == [0, 1000, 2000, 3000]
    (geometry,) = some(items, Geometry)
    assert geometry.pixels.tolist() == [*range(1, 9), *range(101, 109)]
    assert geometry.instrument == "DREAM"
    (monitor,) = some(items, MonitorBatch)
    assert (len(monitor.tof_ns), monitor.monitor) == (PULSES, 1)
    logs = {one.name: list(one.value) for one in some(items, LogBatch)}
    assert logs.keys() == {"temperature", "speed"}


def test_what_ess_does_not_have_is_said(tmp_path: Path) -> None:
    notes = read_event_file(ess_file(tmp_path / "ess.nxs")).notes
    assert any("no proton charge" in note for note in notes)
    assert any("times count from 1970" in note for note in notes)


REFUSED: dict[str, tuple[Callable[[Path, Spoil], Path], Spoil, str]] = {
    "isis: no index": (isis_file, lambda entry: entry.pop("detector_1_events/event_index"), "event_index: expected a"),
    "isis: a dangling bank": (
        isis_file,
        lambda entry: [entry.pop("detector_1_events"), entry.__setitem__("detector_1_events", h5py.SoftLink("/no"))],
        "detector_1_events: expected a group of events",
    ),
    "isis: periods": (
        isis_file,
        lambda entry: put(entry, "framelog/period_log/value", [1, 2]),
        f"period_log/value: expected {PULSES} values",
    ),
    "isis: negative period": (
        isis_file,
        lambda entry: put(entry, "framelog/period_log/value", np.full(PULSES, -1)),
        "period_log/value[0]: expected 0 to 65535, found -1",
    ),
    "ess: ids missing": (
        ess_file,
        lambda entry: entry.pop("instrument/det1/events/event_id"),
        "event_id: expected a dataset",
    ),
    "ess: negative time of flight": (
        ess_file,
        lambda entry: entry["instrument/det1/events/event_time_offset"].__setitem__(7, -5),
        "event_time_offset[7]: expected 0 to",
    ),
    "ess: pixels listed as floats": (
        ess_file,
        lambda entry: put(entry, "instrument/det1/detector_number", [1.5]),
        "detector_number: expected whole numbers",
    ),
    "ess: no run number": (
        ess_file,
        lambda entry: put(entry, "entry_identifier", "none"),
        "entry_identifier: expected a run number",
    ),
}


@pytest.mark.parametrize(("made", "spoil", "said"), REFUSED.values(), ids=REFUSED)
def test_a_bad_field_is_refused_by_name(
    tmp_path: Path, made: Callable[[Path, Spoil], Path], spoil: Spoil, said: str
) -> None:
    with pytest.raises(OperatorError, match=re.escape(said)):
        read_event_file(made(tmp_path / "odd.nxs", spoil))


def test_a_file_that_links_to_itself_is_read(tmp_path: Path) -> None:
    def spoil(entry: h5py.Group) -> None:
        entry["instrument/det1/loop"] = h5py.SoftLink("/entry")

    file: EventFile = read_event_file(ess_file(tmp_path / "ess.nxs", spoil))
    assert len(file.banks) == 2


def test_frames_that_are_not_good_are_said(tmp_path: Path) -> None:
    file = read_event_file(isis_file(tmp_path / "isis.nxs", lambda entry: put(entry, "good_frames", 7)))
    assert f"good_frames: it says 7, and there are {PULSES} frames: all are counted" in file.notes
