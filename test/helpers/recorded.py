"""Streams of bytes through what records them, without a process; and recordings read again."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from helpers import packets as p
from helpers.decoding import logs_of, monitors_of, pulses_of
from helpers.packets import END_RUN, NEW_RUN, NS, STATE, T0
from livereduce.base.errors import ExitCode
from livereduce.recorder.space import KeepRules
from livereduce.recorder.writing import RecordingPlace, RunWriter
from livereduce.stream.adara.unpacking import Unpacker
from livereduce.stream.items import Item, SourceLost, StartFrom
from livereduce.stream.recording.source import RecordingSource

RUN = 101
START_S = T0 // NS
PERIOD_NS = NS // 60
PATIENCE_S = 50.0


def pulse(k: int) -> bytes:
    """RTDL, events, a monitor and the value of a variable: pulse `k` of a run."""
    time_ns = T0 + k * PERIOD_NS
    parts = (
        p.rtdl(time_ns),
        p.pulse(time_ns, *[(10 * (k % 1000) + n, n) for n in range(k % 3)]),
        p.monitors(time_ns, {1: [k % 1000, k % 1000 + 1]}),
        p.variable(2, time_ns + 1000, 7, 1, float(k)),
    )
    return b"".join(parts)


def prologue(run: int = RUN, time_ns: int = T0) -> bytes:
    """What a server tells of the instrument and the run."""
    parts = (
        p.beamline(time_ns, "BL-0", "TST", "TESTER"),
        p.geometry(time_ns, "<instrument name='TESTER'/>"),
        p.descriptor(time_ns, 7, "furnace", {1: ("temperature", "K"), 2: ("state", "")}),
        p.variable(3, time_ns - NS, 7, 2, "warm"),
        p.run_info(time_ns, f"title of {run}", "IPTS-1"),
    )
    return b"".join(parts)


def begins(run: int = RUN, status: int = NEW_RUN, start_s: int = START_S) -> bytes:
    """The edge at which a run begins, or is joined."""
    return p.sync(T0) + p.run_status(T0, status, run, start_s=start_s) + prologue(run)


def ends(run: int = RUN, k: int = 100) -> bytes:
    return p.run_status(T0 + k * PERIOD_NS, END_RUN, run, start_s=START_S)


def pulses(start: int, stop: int) -> bytes:
    return b"".join(pulse(k) for k in range(start, stop))


def joined(run: int = RUN) -> bytes:
    """The beginning of what a server sends to a client that joins in mid-run."""
    return begins(run, STATE)


class Stream:
    """What a receiver has: bytes become items, and a recording."""

    def __init__(self, directory: Path, rules: KeepRules | None = None) -> None:
        self.clock = [1000.0]
        place = RecordingPlace(directory=directory, instrument="TST", source="adara://x:1", rules=rules or KeepRules())
        self.writer = RunWriter(place, lambda: self.clock[0])
        self.unpacker = Unpacker("a test", tap=self.writer)
        self.items: list[Item] = []

    def connect(self) -> None:
        self.unpacker.connect()

    def feed(self, *parts: bytes) -> None:
        """Each part is one table."""
        for part in parts:
            self.unpacker.block.room(len(part))[: len(part)] = part
            self.unpacker.block.received(len(part))
            self.items += self.unpacker.items(0.0)

    def drop(self, *parts: bytes, why: str = "too slow") -> None:
        """The stream goes on; the recording does not get these."""
        taps, self.unpacker._tap = self.unpacker._tap, None
        self.feed(*parts)
        self.unpacker._tap = taps
        self.writer.dropped(sum(map(len, parts)), why)


def read_again(path: Path) -> list[Item]:
    """All items of a recording."""
    source = RecordingSource(path)
    source.open(StartFrom.RUN_START)
    items = rest_of(source)
    source.close()
    return items


def rest_of(source: RecordingSource) -> list[Item]:
    """All items that are left."""
    items: list[Item] = []
    while not source.state().ended:
        items += source.read(0.0)
    with pytest.raises(SourceLost) as lost:
        source.read(0.0)
    assert not lost.value.retry
    return items


def data_of(items: Sequence[Item], run: int = RUN, since_ns: int = 0) -> tuple[object, ...]:
    """Everything of a run that is data: pulses, monitors, logs (values since a time)."""
    of_run = [item for item in items if item.run == run]
    logs = {name: [one for one in values if one[0] >= since_ns] for name, values in logs_of(of_run).items()}
    return pulses_of(of_run), monitors_of(of_run), {name: values for name, values in logs.items() if values}


def record_by_command(url: str, folder: Path, instrument: str) -> str:
    """``livereduce record`` until a run 1 is over; what it has said. The recording is in ``here`` in the folder."""
    command = [sys.executable, "-m", "livereduce", "record", url, "--out", "here", "--instrument", instrument]
    index = folder / "here" / f"{instrument}_1" / "index.jsonl"
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as child:
        deadline = time.monotonic() + PATIENCE_S
        while not (index.exists() and '"over"' in index.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        said, _ = child.communicate(timeout=PATIENCE_S)
    assert child.returncode == ExitCode.OK, said
    return said
