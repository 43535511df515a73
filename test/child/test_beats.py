import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from livereduce.child import beats as module
from livereduce.child.beats import Beats
from livereduce.messages.beat import Beat, Phase, decode_beat
from livereduce.messages.progress import Progress, RunProgress, SourceProgress, TotalProgress


@dataclass
class Clock:
    now_s: float = 100.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock.monotonic))
    return clock


@dataclass
class Pipe:
    reading: int
    writing: int

    def beats(self) -> list[Beat]:
        try:
            return [decode_beat(line) for line in os.read(self.reading, 1 << 20).splitlines(keepends=True)]
        except BlockingIOError:
            return []


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    yield Pipe(reading, writing)
    os.close(reading)
    os.close(writing)


def test_what_was_silent_in_one_phase_is_not_in_the_next(clock: Clock, pipe: Pipe) -> None:
    beats = Beats(pipe.writing)
    beats.phase(Phase.PROCESS)
    clock.now_s += 1
    beats.progress(Progress(silent_s=500.0, total=TotalProgress(chunks=1)))
    beats.phase(Phase.POST_PROCESS)
    assert [(b.phase, b.progress.silent_s) for b in pipe.beats()] == [
        (Phase.PROCESS, 0.0),
        (Phase.PROCESS, 500.0),
        (Phase.POST_PROCESS, 0.0),
    ]


def test_a_new_error_is_sent_at_once(clock: Clock, pipe: Pipe) -> None:
    """The next thing may be the end of the process."""
    beats = Beats(pipe.writing)
    beats.phase(Phase.PROCESS)
    beats.progress(Progress(total=TotalProgress(chunks=1)))
    beats.progress(Progress(last_errors={"proc": "proc.py:3: NameError"}))
    beats.progress(Progress(last_errors={"proc": "proc.py:3: NameError"}, total=TotalProgress(chunks=2)))
    assert [b.progress.last_errors for b in pipe.beats()] == [{}, {"proc": "proc.py:3: NameError"}]


def test_the_end_of_all_data_is_sent_at_once(clock: Clock, pipe: Pipe) -> None:
    """Whoever tries scripts, or reduces a run again, waits for just this."""
    beats = Beats(pipe.writing)
    beats.phase(Phase.WAITING)
    beats.progress(Progress(source=SourceProgress(ended=True)))
    assert [b.progress.source.ended for b in pipe.beats()] == [False, True]


def test_a_change_of_phase_is_sent_at_once_the_same_phase_at_most_20_times_a_second(clock: Clock, pipe: Pipe) -> None:
    beats = Beats(pipe.writing)
    beats.phase(Phase.STARTING)
    beats.phase(Phase.WAITING)
    beats.phase(Phase.WAITING)
    beats.progress(Progress(total=TotalProgress(chunks=1)))
    beats.phase(Phase.PROCESS)
    assert [(b.seq, b.phase, b.progress.total.chunks) for b in pipe.beats()] == [
        (1, Phase.STARTING, 0),
        (2, Phase.WAITING, 0),
        (3, Phase.PROCESS, 1),
    ]
    for _ in range(100):
        clock.now_s += 0.01
        beats.progress(Progress(total=TotalProgress(chunks=2)))
    assert 15 <= len(pipe.beats()) <= 20


def test_a_change_of_phase_carries_what_is_known_at_that_moment(clock: Clock, pipe: Pipe) -> None:
    """What begins may never end: no later beat would say it."""
    beats = Beats(pipe.writing)
    beats.phase(Phase.STARTING)
    beats.phase(Phase.PROCESS, Progress(total=TotalProgress(chunks=1), source=SourceProgress(connected=True)))
    beats.phase(
        Phase.PROCESS,
        Progress(total=TotalProgress(chunks=1), source=SourceProgress(connected=True), run=RunProgress(number=7)),
    )
    beats.phase(Phase.POST_PROCESS)
    assert [(b.phase, b.progress.total.chunks, b.progress.run.number) for b in pipe.beats()] == [
        (Phase.STARTING, 0, 0),
        (Phase.PROCESS, 1, 0),
        (Phase.PROCESS, 1, 7),
        (Phase.POST_PROCESS, 1, 7),
    ]


def test_the_connection_is_told_at_once(clock: Clock, pipe: Pipe) -> None:
    beats = Beats(pipe.writing)
    beats.phase(Phase.WAITING)
    beats.progress(Progress(source=SourceProgress(connected=True)))
    beats.progress(Progress(source=SourceProgress(connected=True, received_bytes=1)))
    beats.progress(Progress(source=SourceProgress(reason="lost")))
    assert [(b.progress.source.connected, b.progress.source.reason) for b in pipe.beats()] == [
        (False, ""),
        (True, ""),
        (False, "lost"),
    ]


def test_what_takes_long_at_the_start_is_told_and_is_a_sign_of_life(
    clock: Clock, pipe: Pipe, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    beats = Beats(pipe.writing)
    beats.phase(Phase.STARTING)
    for _ in range(3):
        beats.doing("compiling")
        clock.now_s += 1
    assert [(b.phase, b.progress.doing) for b in pipe.beats()] == [
        (Phase.STARTING, ""),
        *[(Phase.STARTING, "compiling")] * 3,
    ]
    assert caplog.messages == ["compiling"], "in the log once"
    beats.phase(Phase.WAITING, Progress())
    beats.doing("compiling more")
    assert [(b.phase, b.progress.doing) for b in pipe.beats()] == [
        (Phase.WAITING, ""),
        (Phase.WAITING, "compiling more"),
    ]
    beats.phase(Phase.PROCESS, Progress())
    beats.doing("compiling for a script")
    assert [(b.phase, b.progress.doing) for b in pipe.beats()] == [(Phase.PROCESS, "")]
    assert caplog.messages == ["compiling", "compiling more"]


def test_progress_is_sent_once_a_second_even_if_nothing_changes(clock: Clock, pipe: Pipe) -> None:
    beats = Beats(pipe.writing)
    beats.phase(Phase.WAITING)
    pipe.beats()
    for _ in range(3):
        clock.now_s += 1.0
        beats.progress(Progress())
        assert len(pipe.beats()) == 1


@pytest.mark.parametrize("reused", [False, True])
def test_beats_are_never_written_to_a_file_of_a_script(
    clock: Clock, pipe: Pipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reused: bool
) -> None:
    """It has closed all descriptors that it does not know, and opened one of its own."""
    left: list[str] = []
    monkeypatch.setattr(module, "leave", left.append)
    beats = Beats(pipe.writing)
    file = os.open(tmp_path / "results.txt", os.O_WRONLY | os.O_CREAT)
    os.close(pipe.writing)
    if reused:
        os.dup2(file, pipe.writing)
    beats.phase(Phase.WAITING)
    assert (tmp_path / "results.txt").read_bytes() == b""
    assert len(left) == 1
    os.dup2(file, pipe.writing)  # for the end of the test
    os.close(file)


def test_without_a_pipe_beats_go_nowhere() -> None:
    beats = Beats(None)
    beats.phase(Phase.STARTING)
    beats.progress(Progress())
