"""Attempts with real processes on one held run: what scripts do to them costs them alone."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from helpers.desk import desk_in
from helpers.receiving import receiving
from helpers.served import Clock, powder_play, serving
from helpers.trying import EVENTS, GOOD, options, save, tried_folder
from livereduce.base.errors import OperatorError
from livereduce.commands.trying.setup import Setup
from livereduce.daemon.orders.desk import RequestDone
from livereduce.daemon.worker.output import Line
from livereduce.messages.receiver import Attach, ReaderKind, encode_note
from livereduce.messages.request import Request
from livereduce.workbench.attempts.attempt import Attempted
from livereduce.workbench.attempts.bench import Bench
from livereduce.workbench.attempts.reach import Reach
from livereduce.workbench.held_run import HeldRun, OwnRun, ServiceRun

GB = 1 << 30
HANG = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("child", child.pid)
while True:
    pass
"""


class Trying:
    """A bench on a run, and what its attempts printed."""

    def __init__(self, folder: Path, run: HeldRun, setup: Setup) -> None:
        self.folder, self.setup, self.run = folder, setup, run
        self.lines: list[str] = []
        resolved = setup.tried("state").resolved
        self.bench = Bench(resolved, run, os.environ, self._take, 64 * GB)

    def _take(self, line: Line, name: str) -> None:
        self.lines.append(f"{name.partition(' ')[0]}: {line.text}" if name else line.text)

    def attempt(self, script: str, reach: Reach | None = None) -> Attempted:
        save(self.folder, script)
        self.lines.clear()
        attempted = self.bench.attempt(self.setup.tried("state").resolved, reach or Reach(), "a test")
        assert attempted is not None
        return attempted


@pytest.fixture(scope="module")
def trying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trying]:
    folder = tmp_path_factory.mktemp("trying")
    tried_folder(folder)
    setup = Setup(options(folder), folder / "attempts")
    (folder / "attempts").mkdir()
    found = Trying(folder, OwnRun(setup.tried("state").resolved, os.environ, GB), setup)
    try:
        yield found
    finally:
        found.bench.leave()
        setup.leave()


def test_an_attempt_reduces_all_in_chunks_as_live_would_and_another_only_a_part(trying: Trying) -> None:
    whole = trying.attempt(GOOD)
    assert not whole.failed
    assert whole.progress is not None
    assert whole.progress.total.events == EVENTS
    assert whole.costs.proc.calls == whole.progress.total.chunks > 2
    assert len([line for line in trying.lines if line.startswith("proc: proc of ")]) == whole.costs.proc.calls
    (result,) = whole.results
    assert result.events == EVENTS
    part = trying.attempt(GOOD, Reach(chunks=2))
    assert part.progress is not None
    assert part.progress.total.chunks == 2
    assert part.results[0].events < EVENTS


def test_a_script_that_fails_floods_and_crashes_costs_its_attempt_alone(trying: Trying) -> None:
    flood = "for number in range(5000): print('line', number)\n"
    failed = trying.attempt(f"{flood}raise KeyError('no such thing')\n")
    assert failed.failed
    assert failed.failure is not None
    assert (failed.failure.step, failed.failure.line) == ("proc", 2)
    assert "KeyError: 'no such thing'" in failed.failure.traceback
    assert trying.lines.count("proc: line 4999") == failed.costs.proc.calls
    crashed = trying.attempt("import os\nos.kill(os.getpid(), 11)\n")
    assert "proc crashed at" in crashed.died
    assert f"{trying.folder}/scripts/reduce_TEST_live_proc.py:2" in crashed.died
    assert crashed.failure is None  # of the attempt before
    again = trying.attempt(GOOD)
    assert not again.failed
    assert again.results[0].events == EVENTS


def test_a_script_that_hangs_and_starts_others_is_interrupted_and_nothing_is_left(trying: Trying) -> None:
    save(trying.folder, HANG)
    trying.lines.clear()

    def is_outdated(_now: float) -> bool:
        return any("child" in line for line in trying.lines)

    resolved = trying.setup.tried("state").resolved
    assert trying.bench.attempt(resolved, Reach(), "a test", is_outdated) is None
    pid = int(next(line for line in trying.lines if "child" in line).split()[-1])
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_the_spare_takes_the_next_attempt(trying: Trying) -> None:
    deadline = time.monotonic() + 50
    while not trying.bench._spare.ready:
        trying.bench.stand_by()
        assert time.monotonic() < deadline
    spare = trying.bench._spare.process
    assert spare is not None
    attempted = trying.attempt("import os\nprint('pid', os.getpid())\noutput = input\n")
    assert not attempted.failed
    assert f"proc: pid {spare.pid}" in trying.lines


@contextmanager
def a_service(folder: Path, attach: socket.socket) -> Iterator[None]:
    """What a daemon does for guests: a desk, which attaches them to a receiver."""

    def give(_request: Request, who: str) -> RequestDone:
        mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            socket.send_fds(attach, [encode_note(Attach(reader=who, kind=ReaderKind.GUEST))], [its.fileno()])
        return RequestDone(passed=mine)

    with desk_in(folder, give):
        yield


def test_the_run_that_the_service_is_taking_is_read_along_as_far_as_it_is_held(tmp_path: Path) -> None:
    clock = Clock()
    tried_folder(tmp_path)
    (tmp_path / "run").mkdir()
    setup = Setup(options(tmp_path, "--on", "live"), tmp_path / "attempts")
    (tmp_path / "attempts").mkdir()
    with (
        serving(powder_play(runs=1, run_s=20, gap_s=2), speed=1.0, clock=clock) as url,
        receiving(url, tmp_path) as receiver,
        a_service(tmp_path / "run", receiver.attach),
    ):
        worker = receiver.reader()
        guest = Trying(tmp_path, ServiceRun(setup.runtime_dirs), setup)
        try:
            with pytest.raises(OperatorError, match="no run is being taken"):
                guest.attempt(GOOD)
            clock.now_s = 12.0
            while (worker.state().run or 0) != 1:
                worker.read(1.0)
            attempted = guest.attempt(GOOD)
            assert not attempted.failed
            assert attempted.results[0].product.run == 1
            assert not attempted.results[0].product.attributes["ended"]
        finally:
            worker.close()
            guest.bench.leave()
            setup.leave()
