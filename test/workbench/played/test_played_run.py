"""A run that is played: as far as the beats of a worker say, to this user only, and not beyond the attempt."""

import socket
import time
from pathlib import Path

import pytest

from helpers.event_files import irregular_file
from helpers.listener import hello
from helpers.trying import EVENTS
from helpers.wire import runs
from livereduce.base.errors import OperatorError
from livereduce.base.source_urls import parse_source_url
from livereduce.daemon.worker.beats import Observed
from livereduce.messages.beat import Beat, Phase
from livereduce.messages.progress import Progress, SourceProgress, StepProgress
from livereduce.workbench.attempts.reach import Reach
from livereduce.workbench.held_run import Link
from livereduce.workbench.played import played_run
from livereduce.workbench.played.pacing import QUIET_CYCLES, STALLED_S
from livereduce.workbench.played.played_run import PlayedRun

PATIENCE_S = 50.0


def connected(link: Link) -> socket.socket:
    """A client that asks for the start of the run."""
    source = parse_source_url(link.source)
    client = socket.create_connection((source.host, source.port))
    client.setblocking(False)
    client.sendall(hello(1))
    return client


def taken(run: PlayedRun, client: socket.socket) -> bytes:
    """All that comes until nothing does for a while."""
    data, quiet_at = b"", time.monotonic() + 0.3
    while time.monotonic() < quiet_at:
        run.hear(set(), time.monotonic())
        try:
            data += client.recv(1 << 20)
            quiet_at = time.monotonic() + 0.3
        except BlockingIOError:
            time.sleep(0.01)
    return data


def cycle(run: PlayedRun, number: int, phase: Phase = Phase.PROCESS, why: str = "") -> None:
    """A worker says that its cycle of this number has begun."""
    steps = StepProgress(proc_calls=number - 1, post_proc_calls=number - 1)
    progress = Progress(steps=steps, source=SourceProgress(reason=why))
    run.follow(Observed(beat=Beat(seq=1, phase=phase, progress=progress)))


def test_an_interval_comes_for_each_cycle_and_the_run_is_over_when_cycles_bring_nothing_new(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = PlayedRun(irregular_file(tmp_path / "run.nxs.h5"), 0.5, Reach())
    link = run.attach("a test")
    with connected(link) as client:
        data, pulses = b"", []
        for number in (1, 2, 3):
            data += taken(run, client)
            pulses.append(sum(one.pulses for one in runs(data)))
            cycle(run, number)
        assert pulses == [30, 60, 90]
        assert runs(data)[0].events == EVENTS
        assert runs(data)[0].closed_by == 4
        over = [run.is_over]
        run.hear(set(), time.monotonic())
        cycle(run, 3 + QUIET_CYCLES)
        assert [*over, run.is_over] == [False, True]
    link.close()
    assert run.watched == set()
    run.hear(set(), time.monotonic() + 2 * STALLED_S)  # between attempts nobody needs to take anything
    with connected(run.attach("again")) as client:
        assert sum(one.pulses for one in runs(taken(run, client))) == 30
        cycle(run, 1, Phase.WAITING, "no geometry has come")
        run.hear(set(), time.monotonic() + STALLED_S / 2)
        assert caplog.messages == ["Mantid has not begun a cycle with what was sent for 30 s: no geometry has come"]
        with pytest.raises(OperatorError, match="Mantid takes nothing of the run that is played to it: no geometry"):
            run.hear(set(), time.monotonic() + 2 * STALLED_S)
    run.leave()
    assert run.watched == set()


def test_another_user_is_turned_away_which_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(played_run, "is_of_this_user", lambda *_: False)
    run = PlayedRun(irregular_file(tmp_path / "run.nxs.h5"), 0.5, Reach())
    source = parse_source_url(run.attach("a test").source)
    clients = [socket.create_connection((source.host, source.port), PATIENCE_S) for _ in range(2)]
    run.hear(set(), time.monotonic())
    for client in clients:
        with client:
            assert client.recv(1) == b""
    (said,) = caplog.messages
    assert said.endswith("that is not known to be yours was refused the run that is played")
    run.leave()
