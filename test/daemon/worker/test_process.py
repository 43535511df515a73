"""One real child process at a time; every wait is on a descriptor, never on the clock."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from livereduce.daemon.worker.ending import why_ended
from livereduce.daemon.worker.launching import worker_command, worker_environ
from livereduce.daemon.worker.process import Worker, spawn
from livereduce.messages.beat import Beat, Phase, encode_beat
from livereduce.messages.job import BEAT_FD, ORDER_FD, PROBLEM_PREFIX
from livereduce.messages.order import STOP
from livereduce.messages.progress import Progress, RunProgress

LIMIT_S = 20.0
Python = Callable[[str], Worker]


def open_fds() -> set[str]:
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


def wait_for(fd: int) -> None:
    assert select.select([fd], [], [], LIMIT_S)[0], "nothing came"


def end(worker: Worker) -> tuple[int, list[str]]:
    wait_for(worker.pidfd)
    code, lines = worker.reap()
    return code, [line.text for line in lines]


@pytest.fixture
def python(tmp_path: Path) -> Iterator[Python]:
    """Start Python code as a worker; none is left behind, and no descriptor."""
    before = open_fds()
    started: list[Worker] = []

    def start(code: str) -> Worker:
        environ = worker_environ(os.environ, tmp_path, sys.executable)
        started.append(spawn([sys.executable, "-c", "import os, sys, time\n" + code], environ))
        return started[-1]

    yield start
    for worker in started:
        if psutil.pid_exists(worker.pid):
            worker.signal_group(signal.SIGKILL)
            with suppress(OSError):
                end(worker)
    assert open_fds() <= before


def test_beats_arrive_whole_and_rubbish_is_passed_over(python: Python) -> None:
    beats = [Beat(seq=n, phase=Phase.WAITING, progress=Progress(run=RunProgress(number=5))) for n in (1, 2)]
    first, second = map(encode_beat, beats)
    worker = python(
        f"fd = int(os.environ['{BEAT_FD}'])\n"
        f"os.write(fd, {first + b'rubbish' + bytes([10]) + second[:20]!r}); sys.stdin.read()\n"
        f"os.read(int(os.environ['{ORDER_FD}']), 1)\n"
        f"os.write(fd, {second[20:]!r})"
    )
    wait_for(worker.beats_fd)
    assert worker.read_beats() == beats[:1]
    worker.order("go")
    wait_for(worker.beats_fd)
    assert worker.read_beats() == beats[1:]
    assert end(worker)[0] == 0


def test_the_last_beat_of_many_arrives(python: Python) -> None:
    """The one before a script that never ends comes after those of many chunks, and nobody has read meanwhile."""
    line = encode_beat(Beat(seq=1, phase=Phase.WAITING, progress=Progress()))
    worker = python(
        f"fd = int(os.environ['{BEAT_FD}']); os.set_blocking(fd, False)\n"
        f"for seq in range(1, 401): os.write(fd, {line!r}.replace(b'\"seq\":1', b'\"seq\":%d' % seq))\n"
        "print('written'); time.sleep(600)"
    )
    wait_for(worker.output_fd)
    assert [beat.seq for beat in worker.read_beats()] == list(range(1, 401))


def test_an_order_arrives_as_a_line(python: Python) -> None:
    worker = python(f"print(os.read(int(os.environ['{ORDER_FD}']), 100))")
    worker.order(STOP)
    assert end(worker) == (0, ["b'stop\\n'"])


def test_orders_end_when_the_daemon_does(python: Python) -> None:
    """The daemon holds the only writing end: also a second worker has none of the first one's."""
    first = python(f"sys.exit(70 if os.read(int(os.environ['{ORDER_FD}']), 1) == b'' else 1)")
    second = python(f"os.read(int(os.environ['{ORDER_FD}']), 1)")
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), first.orders_fd)  # the daemon's end is gone
    assert end(first)[0] == 70
    assert psutil.pid_exists(second.pid)


def test_a_worker_that_reads_no_orders_cannot_block_the_daemon(python: Python) -> None:
    worker = python("time.sleep(600)")
    for _ in range(20_000):
        worker.order(STOP)
    worker.signal_group(signal.SIGTERM)
    assert end(worker)[0] == -signal.SIGTERM


def test_all_output_is_read_also_the_last_words(python: Python) -> None:
    worker = python("print('out'); print('err', file=sys.stderr); print('no end', end=''); os._exit(3)")
    code, lines = end(worker)
    assert (code, sorted(lines)) == (3, ["err", "no end", "out"])
    assert worker.output.last[-1] == "no end"


def test_what_scripts_leave_behind_goes_with_the_worker(python: Python) -> None:
    worker = python(
        "import subprocess, signal\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(subprocess.Popen(['sleep', '600']).pid, flush=True)"
    )
    code, lines = end(worker)
    assert code == 0
    deadline = time.monotonic() + LIMIT_S
    with suppress(psutil.NoSuchProcess):
        left = psutil.Process(int(lines[0]))
        while left.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
            time.sleep(0.01)
        assert left.status() == psutil.STATUS_ZOMBIE


def test_what_has_left_the_group_does_not_hold_the_daemon_up(python: Python) -> None:
    worker = python("import subprocess; print(subprocess.Popen(['sleep', '5'], start_new_session=True).pid)")
    code, lines = end(worker)
    assert code == 0
    with suppress(ProcessLookupError):
        os.kill(int(lines[0]), signal.SIGKILL)


def test_a_pipe_that_has_ended_is_not_watched_on(python: Python) -> None:
    worker = python(f"os.close(1); os.close(2); os.close(int(os.environ['{BEAT_FD}'])); time.sleep(600)")
    wait_for(worker.output_fd)
    wait_for(worker.beats_fd)
    assert worker.read_output() == []
    assert worker.read_beats() == []
    assert worker.watched == {worker.pidfd}


def test_the_worker_is_out_of_reach_of_the_terminal(python: Python) -> None:
    worker = python("print(os.getpid() == os.getsid(0) == os.getpgid(0), sys.stdin.read())")
    assert end(worker)[1] == ["True "]


def test_an_interpreter_that_is_not_there_says_so(tmp_path: Path) -> None:
    before = open_fds()
    with pytest.raises(FileNotFoundError, match="no_python"):
        spawn([str(tmp_path / "no_python")], {})
    assert open_fds() <= before


def test_environment_of_a_worker(tmp_path: Path) -> None:
    given = {"NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "PYTHONPATH": "/mine", "HOME": "/h"}
    made = worker_environ(given, tmp_path, sys.executable)
    assert set(made) == {
        *("HOME", "PYTHONPATH", "PYTHONUNBUFFERED"),
        *("NUMBA_CACHE_DIR", "LIVEREDUCE_KERNELS_DEFAULT"),
    }
    assert made["NUMBA_CACHE_DIR"] == str(tmp_path / "kernels")
    assert made["PYTHONPATH"].split(os.pathsep)[0] == "/mine"
    named = worker_environ({"NUMBA_CACHE_DIR": "/k"}, tmp_path, sys.executable)
    assert named["NUMBA_CACHE_DIR"] == "/k"
    assert "LIVEREDUCE_KERNELS_DEFAULT" not in named


def test_another_interpreter_gets_this_package_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "site-packages" / "livereduce"
    installed.mkdir(parents=True)
    (installed / "__init__.py").touch()
    (installed.parent / "numpy.py").touch()
    monkeypatch.setattr("livereduce.__file__", str(installed / "__init__.py"))
    assert "PYTHONPATH" not in worker_environ({}, tmp_path, sys.executable)
    for _ in range(2):
        path = Path(worker_environ({}, tmp_path, "/opt/env/bin/python")["PYTHONPATH"])
        assert [entry.name for entry in path.iterdir()] == ["livereduce"]
        assert (path / "livereduce" / "__init__.py").is_file()


def test_the_worker_is_this_package_even_from_the_directory_with_its_namesake(tmp_path: Path) -> None:
    (tmp_path / "livereduce.py").write_text("raise SystemExit('the wrong one')")
    python, *options, _, _, _ = worker_command(sys.executable, tmp_path / "job.json")
    environ = worker_environ({}, tmp_path, sys.executable)
    shown = subprocess.run(
        [python, *options, "-c", "import livereduce.worker; print(livereduce.worker.__file__)"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.strip().endswith("src/livereduce/worker/__init__.py")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (-11, "the worker crashed (segmentation fault, SIGSEGV)"),
        (-9, "the worker was killed by SIGKILL, perhaps by the out-of-memory killer"),
        (-50, "the worker was killed by signal 50"),
        (0, "the worker exited without being asked to (exit code 0)"),
        (70, "the worker exited because it lost the daemon (exit code 70)"),
        (78, "the worker cannot run: no such engine; no such source"),
        (1, "the worker crashed (exit code 1): no such source"),
    ],
)
def test_why_a_worker_ended(code: int, said: str) -> None:
    lines = (
        [f"{PROBLEM_PREFIX}no such engine", f"{PROBLEM_PREFIX}no such source"] if code == 78 else ["no such source", ""]
    )
    assert why_ended(code, lines) == said


def test_who_has_killed_a_worker_is_said_where_the_kernel_counts() -> None:
    assert why_ended(-9, [], 2) == (
        "the worker was killed by SIGKILL from the out-of-memory killer (it killed 2 processes of this service)"
    )
    assert "not by the out-of-memory killer" in why_ended(-9, [], 0)
    assert why_ended(-11, [], 2) == "the worker crashed (segmentation fault, SIGSEGV)"


def test_a_worker_that_ends_without_a_word() -> None:
    assert why_ended(1, []) == "the worker crashed (exit code 1): it printed nothing"
    assert why_ended(78, ["x"]) == "the worker cannot run: it did not say why"
