"""What of a file or a recording is played, by the times of its own pulses."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from helpers.event_files import irregular_file
from helpers.packets import T0
from helpers.recorded import PERIOD_NS, RUN, Stream, begins, ends, pulses
from helpers.trying import EVENTS
from livereduce.base.errors import OperatorError
from livereduce.stream.items import EventBatch, StartFrom
from livereduce.stream.nexus.source import NexusSource
from livereduce.workbench.attempts.reach import Reach
from livereduce.workbench.played.played_run import LEAST_S, end_of, take_every_s
from livereduce.workbench.played.reel import reel_of

S = 10**9


def batches(path: Path) -> list[EventBatch]:
    """Of a file, as the builtin engine reads it."""
    source, found = NexusSource(path), []
    source.open(StartFrom.RUN_START)
    while not source.state().ended:
        found += [item for item in source.read(0.0) if isinstance(item, EventBatch)]
    source.close()
    return found


def test_a_file_is_played_at_the_times_of_its_own_pulses_and_ends_with_a_whole_pulse(tmp_path: Path) -> None:
    path = irregular_file(tmp_path / "run.nxs.h5")
    reel, read = reel_of(path), batches(path)
    times = np.concatenate([batch.pulse_ns for batch in read])
    so_far = np.cumsum(np.concatenate([np.diff(batch.first) for batch in read]))
    assert (reel.run, reel.events_before(reel.over_ns)) == (4711, EVENTS)
    assert reel.events_before(times[40]) == so_far[39]
    assert reel.events_before(times[0]) == 0
    assert (reel.start_ns, reel.over_ns) == (times[0], times[-1] + 1)
    assert end_of(reel, S, Reach()) == reel.over_ns
    assert end_of(reel, S, Reach(chunks=1)) == reel.start_ns + S
    assert end_of(reel, S, Reach(events=400, chunks=8)) == times[so_far >= 400][0] + 1
    assert reel.moment_of(10 * EVENTS) == reel.over_ns


def test_a_recording_is_known_by_its_number_and_its_pulses(tmp_path: Path) -> None:
    stream = Stream(tmp_path)
    stream.connect()
    stream.feed(begins(), pulses(0, 30), ends(k=30))
    reel = reel_of(tmp_path / f"TST_{RUN}")
    assert (reel.run, reel.start_ns, reel.over_ns) == (RUN, T0, T0 + 29 * PERIOD_NS + 1)
    assert reel.moment_of(4) == T0 + 4 * PERIOD_NS + 1  # pulses of 0, 1, 2, 0, 1 events
    assert reel.moment_of(1000) == reel.over_ns
    assert reel.events_before(reel.over_ns) == 30
    only = reel_of(tmp_path / f"TST_{RUN}" / f"TST_{RUN}_0001.adara")
    assert (only.run, only.start_ns, only.over_ns) == (reel.run, reel.start_ns, reel.over_ns)


def test_what_has_nothing_to_play_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("nothing that anybody has recorded")
    with pytest.raises(OperatorError, match="not an ADARA capture"):
        reel_of(tmp_path / "text")
    with pytest.raises(OperatorError, match="expected files"):
        reel_of(tmp_path)


def test_mantid_takes_often_and_less_often_where_much_comes(tmp_path: Path) -> None:
    reel = reel_of(irregular_file(tmp_path / "run.nxs.h5"))
    assert take_every_s(reel, 30 * S) == LEAST_S
    assert take_every_s(reel, S // 10) == 0.1  # no chunk is longer than the configuration says
    times = reel.start_ns + np.array([0, 100 * S - 1])
    many = replace(reel, pulse_ns=times, so_far=np.array([0, 10_000_000]))
    assert take_every_s(many, 30 * S) == pytest.approx(0.6)
