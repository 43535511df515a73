"""A receiver process: what its readers get is what the server sent, however many of them come and go."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from helpers.event_files import irregular_file
from helpers.receiving import receiving, until_run_ends
from helpers.served import powder_play, serving
from livereduce.base.source_urls import file_url
from livereduce.stream.items import EventBatch, Geometry, Item, LogBatch, RunEnded, RunStarted, SourceLost


def events_of(items: list[Item]) -> tuple[int, int, int]:
    batches = [item for item in items if isinstance(item, EventBatch)]
    columns = [(len(one.tof_ns), int(one.tof_ns.sum(dtype=np.int64)), int(one.pixel.sum())) for one in batches]
    return sum(n for n, _, _ in columns), sum(tof for _, tof, _ in columns), sum(pixel for _, _, pixel in columns)


def edges_of(items: list[Item]) -> list[tuple[str, int]]:
    return [(type(item).__name__, item.run) for item in items if isinstance(item, RunStarted | RunEnded)]


def test_a_reader_that_comes_late_gets_the_whole_run_without_another_connection(tmp_path: Path) -> None:
    with (
        serving(powder_play(runs=2, run_s=20, gap_s=2)) as url,
        receiving(url, tmp_path) as receiver,
    ):
        first = receiver.reader()
        whole = until_run_ends(first, 1)
        second = receiver.reader()
        again = until_run_ends(second, 1)
        assert events_of(again) == events_of(whole)
        assert edges_of(again) == edges_of(whole) == [("RunStarted", 1), ("RunEnded", 1)]
        assert events_of(whole)[0] > 0
        assert second.state().connects == 1
        first.close()
        second.close()


def test_a_run_that_is_released_is_not_read_again_and_what_it_told_of_the_instrument_is(tmp_path: Path) -> None:
    with (
        serving(powder_play(runs=2, run_s=20, gap_s=2)) as url,
        receiving(url, tmp_path) as receiver,
    ):
        first = receiver.reader()
        until_run_ends(first, 1)
        first.report(first.position(), first.position())
        rest = until_run_ends(first, 2)
        after = receiver.reader()
        items = until_run_ends(after, 2)
        assert edges_of(items) == edges_of(rest) == [("RunStarted", 2), ("RunEnded", 2)]
        assert events_of(items) == events_of(rest)
        assert isinstance(items[0], Geometry)
        assert items[0].pixels is not None
        assert {item.name for item in items if isinstance(item, LogBatch)} >= {
            item.name for item in rest if isinstance(item, LogBatch)
        }
        first.close()
        after.close()


def test_events_are_views_of_memory_that_cannot_be_written(tmp_path: Path) -> None:
    with serving(powder_play(runs=1, run_s=5, gap_s=1)) as url, receiving(url, tmp_path) as receiver:
        reader = receiver.reader()
        batch = next(item for item in until_run_ends(reader, 1) if isinstance(item, EventBatch) and len(item.tof_ns))
        with pytest.raises(ValueError, match="read-only"):
            batch.tof_ns[0] = 1
        with pytest.raises(ValueError, match="WRITEABLE"):
            batch.tof_ns.flags.writeable = True
        reader.close()


def test_rubbish_from_a_reader_costs_that_reader_alone(tmp_path: Path) -> None:
    with serving(powder_play(runs=1, run_s=5, gap_s=1)) as url, receiving(url, tmp_path) as receiver:
        rude, reader = receiver.reader(), receiver.reader()
        os.write(rude._socket.fileno(), b"a script writes to every descriptor")
        assert events_of(until_run_ends(reader, 1))[0] > 0
        while rude.state().reason != "the receiver is gone":
            rude.read(1.0)
        reader.close()
        rude.close()


def test_a_reader_whose_receiver_is_killed_stays_silent_and_says_why(tmp_path: Path) -> None:
    with serving(powder_play(runs=1, run_s=5, gap_s=1)) as url, receiving(url, tmp_path) as receiver:
        reader = receiver.reader()
        items = until_run_ends(reader, 1)
        os.kill(receiver.process.pid, signal.SIGKILL)
        receiver.process.wait()
        assert events_of(items)[0] > 0, "what was mapped stays"
        while reader.state().reason != "the receiver is gone":
            reader.read(1.0)
        while reader.read(0.0):
            pass
        assert not reader.read(0.0)
        reader.close()


def test_a_file_is_held_after_its_end_for_whoever_comes_later(tmp_path: Path) -> None:
    url = file_url(str(irregular_file(tmp_path / "run.nxs")))
    with receiving(url, tmp_path) as receiver:
        first = receiver.reader()
        whole = until_run_ends(first, 4711)
        with pytest.raises(SourceLost, match="the data have ended") as lost:
            until_run_ends(first, 4712)
        assert not lost.value.retry
        assert first.state().ended
        first.report(first.position(), first.position())
        second = receiver.reader()
        assert not second.state().ended, "not before all of it is read"
        again = until_run_ends(second, 4711)
        assert edges_of(again) == edges_of(whole) == [("RunStarted", 4711), ("RunEnded", 4711)]
        assert events_of(again) == events_of(whole)
        assert second.state().connects == 1
        first.close()
        second.close()
