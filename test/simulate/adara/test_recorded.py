"""A recorded run as a play: each pulse once, whatever its files repeat, and only that run."""

from pathlib import Path

import pytest

from helpers.listener import hello
from helpers.packets import STATE, T0
from helpers.recorded import PERIOD_NS, RUN, Stream, begins, ends, prologue, pulse, pulses
from helpers.wire import RunTotals, runs
from livereduce.base.errors import OperatorError
from livereduce.simulate.adara.play import Play
from livereduce.simulate.adara.recorded import only_run_in, recorded_acts
from simulate.adara.test_server import get_all, serving

ALL = 1 << 62


def played(*files: Path, end_ns: int = ALL, run: int = RUN) -> RunTotals:
    """What a client gets that asks for the start of the run: this run with its end, and no other events."""
    acts = recorded_acts(files, run, start_ns=T0, end_ns=end_ns)
    with serving(Play(origin_ns=T0, acts=acts)) as server:
        (data,) = get_all(server, hello(1))
    first, *others = runs(data)
    assert (first.run, first.opened_by, first.closed_by) == (run, 1, 4)
    assert not any(one.events for one in others)
    return first


def test_two_files_of_a_run_are_one_run_and_the_pulse_at_their_seam_counts_once(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(begins() + pulses(0, 60))
    two.write_bytes(begins(status=STATE) + pulse(59) + pulses(60, 120) + ends(k=120))
    whole = played(one, two)
    assert whole.stamps_ns == [T0 + k * PERIOD_NS for k in range(120)]
    assert whole.events == sum(k % 3 for k in range(120))
    part = played(one, two, end_ns=T0 + 70 * PERIOD_NS)
    assert part.stamps_ns == whole.stamps_ns[:70]
    torn = two.read_bytes()[:-7]
    two.write_bytes(torn)
    assert played(one, two).pulses == 120


def test_what_a_recorder_has_written_is_played_whole(tmp_path: Path) -> None:
    stream = Stream(tmp_path)
    stream.connect()
    stream.feed(begins(), pulses(0, 60))
    stream.connect()
    stream.feed(begins(status=STATE), pulses(40, 100), ends(k=100))
    files = sorted(tmp_path.rglob("*.adara"))
    assert len(files) == 2
    assert played(*files).stamps_ns == [T0 + k * PERIOD_NS for k in range(100)]


def test_of_a_capture_only_its_run_is_played_and_it_must_have_one(tmp_path: Path) -> None:
    capture = tmp_path / "capture"
    between = begins(0, status=0) + pulses(0, 5)
    capture.write_bytes(between + begins() + pulses(5, 20) + ends(k=20) + begins(0, status=0) + pulses(20, 30))
    assert only_run_in(capture) == RUN
    assert played(capture).stamps_ns == [T0 + k * PERIOD_NS for k in range(5, 20)]
    capture.write_bytes(capture.read_bytes() + begins(RUN + 1) + pulses(30, 40))
    with pytest.raises(OperatorError, match="expected the packets of one run, to play it; found runs 101, 102"):
        only_run_in(capture)
    capture.write_bytes(prologue() + pulses(0, 3))
    with pytest.raises(OperatorError, match="found none"):
        only_run_in(capture)
