"""Receiver and recorder hand in hand: what the recorder does not take is dropped, never waited for."""

import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.decoding import pulses_of
from helpers.packets import T0
from helpers.recorded import PERIOD_NS, RUN, begins, data_of, ends, pulses, read_again
from livereduce.messages.recorder import NOTE, RecorderJob
from livereduce.receiver import tapping
from livereduce.receiver.patience import STILL_S
from livereduce.receiver.tapping import RingTap
from livereduce.recorder.recording import TOO_SLOW, Recorder
from livereduce.stream.adara.unpacking import Unpacker
from livereduce.stream.items import Gap, Item

PAIR = (socket.AF_UNIX, socket.SOCK_SEQPACKET)
FOLDER = f"TST_{RUN}"


class Rig:
    """A receiver's end, and recorders that come and go, in one thread."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.now = 0.0
        self._daemons, receivers = socket.socketpair(*PAIR)
        self.tap = RingTap(receivers, lambda: self.now)
        self.unpacker = Unpacker("a test", tap=self.tap)
        self.items: list[Item] = []
        self.recorder: Recorder | None = None
        self._ours: socket.socket | None = None

    def attach(self) -> None:
        """A recorder starts."""
        self._ours, theirs = socket.socketpair(*PAIR)
        job = RecorderJob(
            directory=str(self.directory), instrument="TST", source="adara://x:1", keep_runs=20, keep_bytes=10**12
        )
        self.recorder = Recorder(job, theirs)
        self.pair()

    def pair(self) -> None:
        assert self._ours
        one, other = socket.socketpair(*PAIR)
        with one, other:
            socket.send_fds(self._ours, [NOTE], [one.fileno()])
            socket.send_fds(self._daemons, [NOTE], [other.fileno()])
        self.tap.poll()
        self.write()

    def feed(self, *parts: bytes) -> None:
        for part in parts:
            self.unpacker.block.room(len(part))[: len(part)] = part
            self.unpacker.block.received(len(part))
            self.items += self.unpacker.items(0.0)

    def write(self) -> None:
        """The recorder writes all that is there."""
        assert self.recorder
        while self.recorder.poll(0.0):
            pass

    def detach(self) -> None:
        """It ends; what it has not taken is lost."""
        assert self.recorder
        assert self._ours
        self.recorder.close()
        self._ours.close()
        self.recorder = None

    def close(self) -> None:
        if self.recorder:
            self.detach()
        self.tap.close()
        self._daemons.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def gaps(items: list[Item]) -> list[str]:
    return [one.reason for one in items if isinstance(one, Gap)]


def test_what_passes_the_ring_is_recorded_whole(rig: Rig) -> None:
    assert rig.tap.ring_bytes == 0
    rig.attach()
    rig.unpacker.connect()
    rig.feed(begins())
    assert rig.tap.ring_bytes > 0
    for k in range(0, 400, 20):
        rig.feed(pulses(k, k + 20))
        if k % 60 == 0:
            rig.write()
    rig.feed(ends(k=400))
    rig.write()
    assert data_of(read_again(rig.directory / FOLDER)) == data_of(rig.items)


def test_a_recorder_that_hangs_costs_a_gap_and_the_stream_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tapping, "RING_BYTES", 4 * len(pulses(0, 10)))
    rig.attach()
    rig.unpacker.connect()
    rig.feed(begins())
    rig.write()
    for k in range(0, 200, 10):  # nobody writes: more comes than there is room for
        rig.feed(pulses(k, k + 10))
    assert len(pulses_of(rig.items)) == 200
    rig.write()
    rig.feed(pulses(200, 210))
    rig.write()
    rig.feed(ends(k=300))
    rig.write()
    items = read_again(rig.directory / FOLDER)
    times = [time for _, time, _ in pulses_of(items)]
    recorded = [(time - T0) // PERIOD_NS for time in times]
    assert recorded == [*range(len(recorded) - 10), *range(200, 210)]
    assert 20 <= len(recorded) - 10 <= 40
    assert gaps(items) == [TOO_SLOW]


@pytest.fixture
def narrow(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """The ring holds 30 pulses, and a read brings 10."""
    monkeypatch.setattr(tapping, "RING_BYTES", 3 * len(pulses(0, 10)))
    monkeypatch.setattr(tapping, "READ_BYTES", len(pulses(0, 10)))
    monkeypatch.setattr(tapping, "LOOK_S", 0.0)
    rig.attach()
    rig.unpacker.connect()
    rig.feed(begins())
    rig.write()
    return rig


def catch_up(rig: Rig, pulses_in_all: int, *, age_s: float = 100.0, writes: bool = True) -> None:
    """Ten pulses, a sixth of a second of beam, each hundredth of a second; it writes when it is waited for."""
    k = 0
    while k < pulses_in_all:
        rig.now += 0.01
        if not rig.tap.waits_for_room(RUN, T0 + k * PERIOD_NS, age_s):
            rig.feed(pulses(k, k + 10))
            k += 10
        elif writes:
            rig.write()
    rig.write()
    rig.feed(ends(k=k))
    rig.write()


def test_a_run_that_is_caught_up_with_faster_than_the_disk_is_recorded_whole(narrow: Rig) -> None:
    catch_up(narrow, 400)
    assert data_of(read_again(narrow.directory / FOLDER)) == data_of(narrow.items)


@pytest.mark.parametrize(("age_s", "longest_s"), [(0.0, 0.0), (100.0, STILL_S)])
def test_a_live_stream_waits_for_no_recorder_and_a_catch_up_not_for_one_that_hangs(
    narrow: Rig, age_s: float, longest_s: float
) -> None:
    catch_up(narrow, 200, age_s=age_s, writes=False)
    assert narrow.now == pytest.approx(0.2 + longest_s, abs=0.03)
    assert gaps(read_again(narrow.directory / FOLDER)) == [TOO_SLOW]


def test_the_next_recorder_goes_on_after_a_gap(rig: Rig) -> None:
    rig.attach()
    rig.unpacker.connect()
    rig.feed(begins() + pulses(0, 10))
    rig.write()
    rig.detach()
    rig.feed(pulses(10, 20))
    rig.attach()
    rig.feed(pulses(20, 30), ends())
    rig.write()
    items = read_again(rig.directory / FOLDER)
    assert [(time - T0) // PERIOD_NS for _, time, _ in pulses_of(items)] == [*range(10), *range(20, 30)]
    assert len(gaps(items)) == 1


def test_the_next_receiver_sends_the_run_again_and_nothing_is_written_twice(rig: Rig, tmp_path: Path) -> None:
    rig.attach()
    rig.unpacker.connect()
    rig.feed(begins() + pulses(0, 10))
    rig.tap.close()
    rig._daemons.close()
    rig._daemons, receivers = socket.socketpair(*PAIR)
    rig.tap = RingTap(receivers, lambda: rig.now)
    rig.unpacker, rig.items = Unpacker("another", tap=rig.tap), []
    rig.pair()
    rig.unpacker.connect()
    rig.feed(begins() + pulses(0, 20), ends())
    rig.write()
    items = read_again(rig.directory / FOLDER)
    assert gaps(items) == []
    assert data_of(items) == data_of(rig.items)


def test_the_stream_is_opened_when_the_recorder_is_there_or_after_a_moment(rig: Rig) -> None:
    assert rig.tap.keeps_waiting()
    rig.now = tapping.PATIENCE_S
    assert not rig.tap.keeps_waiting()
    rig.now = 0.0
    rig.attach()
    assert not rig.tap.keeps_waiting()


def test_a_recorder_that_talks_nonsense_is_let_go(rig: Rig) -> None:
    mine, its = socket.socketpair(*PAIR)
    with mine:
        with its:
            socket.send_fds(rig._daemons, [NOTE], [its.fileno()])
        rig.tap.poll()
        assert mine.recv(256)
        mine.send(struct.pack("<q", 10**12))
        rig.feed(begins() + pulses(0, 2))
        mine.send(b"nonsense!")
        rig.feed(pulses(2, 4))
    assert len(pulses_of(rig.items)) == 4
