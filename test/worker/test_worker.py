"""Real worker processes with engines made for the test: what the daemon relies on."""

import os
import signal
import subprocess
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpers import worker_child
from livereduce.base.errors import ExitCode, OperatorError
from livereduce.messages.beat import SPEAKER, Beat, Phase, decode_beat
from livereduce.messages.job import BEAT_FD, ORDER_FD, Job, decode_job, encode_job
from livereduce.messages.order import RECYCLE, STOP, TRIM
from livereduce.worker import main as worker_main

CHILD = worker_child.__file__
MUCH = 40e6
"""Bytes that the engine `Fragmented` drops at least."""


def job_file(folder: Path, engine: str = "builtin") -> Path:
    job = Job(
        generation=1,
        engine=engine,
        instrument="POWGEN",
        short_name="PG3",
        source="adara://localhost:1",
        update_every_s=30.0,
        preserve_events=True,
        accum_method="Add",
        periods=(),
        spectra=(),
        tof_bins_us=(0.0, 100.0, 16667.0),
        proc=None,
        post_proc=None,
        script_dir=str(folder / "scripts"),
        state_dir=str(folder),
        runtime_dir=str(folder),
    )
    path = folder / "job.json"
    path.write_text(encode_job(job))
    return path


class Worker:
    """A child with its two pipes, as the daemon holds it."""

    def __init__(self, command: list[str]) -> None:
        self.beats_fd, beats = os.pipe()
        orders, self.orders_fd = os.pipe()
        self.process = subprocess.Popen(
            command,
            env={**os.environ, BEAT_FD: str(beats), ORDER_FD: str(orders)},
            pass_fds=(beats, orders),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(beats)
        os.close(orders)
        self._beats = os.fdopen(self.beats_fd, "rb")

    def beat(self) -> Beat:
        """The next beat, waited for."""
        return decode_beat(self._beats.readline())

    def all_beats(self) -> list[Beat]:
        """Every beat until the worker has ended."""
        return [decode_beat(line) for line in self._beats]

    def heard(self) -> str:
        """The next line that the engine says."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def order(self, *orders: str) -> None:
        os.write(self.orders_fd, "".join(f"{order}\n" for order in orders).encode())

    def stop(self) -> None:
        self.order(STOP)

    def forsake(self) -> None:
        """Do what the death of the daemon does: close the order pipe."""
        os.close(self.orders_fd)
        self.orders_fd = -1

    def end(self) -> tuple[int, str, str]:
        """Wait for the end: exit code, what was still said, standard error."""
        said, complaints = self.process.communicate()
        return self.process.returncode, said, complaints

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        self._beats.close()
        if self.orders_fd >= 0:
            os.close(self.orders_fd)


@contextmanager
def running(command: list[str]) -> Iterator[Worker]:
    worker = Worker(command)
    try:
        yield worker
    finally:
        worker.close()


@contextmanager
def worker_with(engine: str, folder: Path) -> Iterator[Worker]:
    with running([sys.executable, str(CHILD), engine, str(job_file(folder))]) as worker:
        yield worker


def test_beats_tell_phases_and_progress_and_a_stop_ends_it_in_good_order(tmp_path: Path) -> None:
    with worker_with("Steady", tmp_path) as worker:
        first = worker.beat()
        assert (first.seq, first.phase) == (1, Phase.STARTING)
        beat, phases = worker.beat(), set()
        while beat.progress.total.chunks < 3:
            phases.add(beat.phase)
            beat = worker.beat()
        assert phases == {Phase.WAITING, Phase.PROCESS}
        worker.stop()
        rest = worker.all_beats()
        assert (rest[-1].phase, rest[-1].seq) == (Phase.STOPPING, beat.seq + len(rest))
        assert rest[-1].progress.total.chunks >= beat.progress.total.chunks
        assert worker.end() == (ExitCode.OK, "started\nstopped\n", "")


def assert_left_after_a_step(said: str) -> None:
    """The thread that reads orders may be slower than the work: steps may follow, none is cut short."""
    lines = said.splitlines()
    assert lines.pop() == "stopped"
    assert lines == [("step done", "step begun")[k % 2] for k in range(len(lines))]
    assert lines[-1] == "step done"


def test_a_stop_waits_for_the_step(tmp_path: Path) -> None:
    with worker_with("LongStep", tmp_path) as worker:
        assert [worker.heard(), worker.heard()] == ["started", "step begun"]
        worker.stop()
        code, said, _ = worker.end()  # closes standard input, which lets the step go on
        assert code == ExitCode.OK
        assert_left_after_a_step(said)


def test_orders_may_come_in_pieces_and_unknown_ones_are_named(tmp_path: Path) -> None:
    with worker_with("Steady", tmp_path) as worker:
        os.write(worker.orders_fd, b"dance\nst")
        os.write(worker.orders_fd, b"op\n")
        code, said, complaints = worker.end()
        assert (code, said) == (ExitCode.OK, "started\nstopped\n")
        assert complaints == "unknown order 'dance'; expected 'stop', 'renew', 'recycle' or 'trim'\n"


def test_a_recycled_worker_finishes_its_step_and_says_so(tmp_path: Path) -> None:
    with worker_with("LongStep", tmp_path) as worker:
        assert [worker.heard(), worker.heard()] == ["started", "step begun"]
        worker.order(RECYCLE)
        code, said, _ = worker.end()
        assert code == ExitCode.RECYCLED
        assert_left_after_a_step(said)
        assert worker.all_beats()[-1].phase == Phase.STOPPING


@pytest.mark.parametrize("orders", [(RECYCLE, STOP), (STOP, RECYCLE)])
def test_a_stop_wins_over_recycling(tmp_path: Path, orders: tuple[str, str]) -> None:
    with worker_with("LongStep", tmp_path) as worker:
        assert [worker.heard(), worker.heard()] == ["started", "step begun"]
        worker.order(*orders)
        assert worker.end()[0] == ExitCode.OK


def test_a_trim_waits_for_the_step_and_returns_what_was_freed(tmp_path: Path) -> None:
    with worker_with("Fragmented", tmp_path) as worker:
        assert worker.heard() == "started"
        full = worker.heard()
        worker.order(TRIM)
        os.write(worker.process.stdin.fileno(), b"\n")  # type: ignore[union-attr]
        assert int(full) - int(worker.heard()) > MUCH
        worker.stop()
        code, _, complaints = worker.end()
        assert code == ExitCode.OK
        assert "INFO livereduce.worker: near the memory limit: " in complaints
        assert "MB returned to the system" in complaints


@pytest.mark.parametrize("engine", ["Steady", "PythonLoop", "LongStep"])
def test_a_worker_whose_daemon_is_gone_leaves_at_once(tmp_path: Path, engine: str) -> None:
    with worker_with(engine, tmp_path) as worker:
        assert worker.heard() == "started"
        if engine != "Steady":
            worker.heard()
        worker.forsake()
        # standard input stays open: LongStep is still in its step
        assert worker.process.wait() == ExitCode.PARENT_GONE


ORPHANING = """
import os, subprocess, sys
orders, keep = os.pipe()
env = {**os.environ, "LIVEREDUCE_ORDER_FD": str(orders)}
worker = subprocess.Popen(sys.argv[1:], env=env, pass_fds=(orders,), stdout=1)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's own")
def test_a_killed_daemon_takes_a_worker_with_it_that_hangs_with_the_interpreters_lock(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ORPHANING, sys.executable, str(CHILD), "LockedLoop", str(job_file(tmp_path))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        assert [daemon.stdout.readline(), daemon.stdout.readline()] == ["started\n", "looping\n"]
        daemon.kill()
        # The worker holds the other end of this pipe: it ends when the worker does.
        assert daemon.stdout.read() == ""


def test_scripts_that_fail_or_exit_do_not_end_it(tmp_path: Path) -> None:
    with worker_with("FailingScript", tmp_path) as worker:
        beat = worker.beat()
        while beat.progress.total.script_errors < 3:
            beat = worker.beat()
        assert beat.progress.last_errors["proc"].startswith("p.py:3: SystemExit: 1")
        worker.stop()
        worker.all_beats()
        code, printed, errors = worker.end()
        assert (code, errors) == (ExitCode.OK, "")
        assert SPEAKER.sub(b"", printed.encode()) == b"started\nstopped\n"
        assert SPEAKER.search(printed.encode())


def test_a_full_pipe_loses_beats_but_never_holds_up_the_work(tmp_path: Path) -> None:
    with worker_with("FillPipe", tmp_path) as worker:
        assert [worker.heard(), worker.heard()] == ["started", "pipe filled"]
        worker.stop()
        assert worker.process.wait() == ExitCode.OK
        beats = worker.all_beats()  # none is torn
        assert 10 < len(beats) < 1000
        assert [beat.seq for beat in beats] == list(range(1, len(beats) + 1))


def test_nobody_reading_beats_any_more_is_no_reason_to_die(tmp_path: Path) -> None:
    with worker_with("Steady", tmp_path) as worker:
        assert worker.heard() == "started"
        worker._beats.close()
        worker.stop()
        assert worker.end()[:2] == (ExitCode.OK, "stopped\n")


def test_a_fault_of_our_own_is_a_crash_with_a_traceback(tmp_path: Path) -> None:
    with worker_with("Crash", tmp_path) as worker:
        code, _, complaints = worker.end()
        assert code == 1
        assert complaints.rstrip().endswith("RuntimeError: a fault of our own")
        assert "Traceback" in complaints


def test_a_thread_that_a_script_has_left_does_not_keep_the_process(tmp_path: Path) -> None:
    with worker_with("ThreadLeft", tmp_path) as worker:
        worker.stop()
        assert worker.end() == (ExitCode.OK, "started\nstopped\n", "")


def test_an_engine_that_cannot_do_the_job_says_why_line_by_line(tmp_path: Path) -> None:
    with worker_with("Unusable", tmp_path) as worker:
        code, _, complaints = worker.end()
        assert code == ExitCode.UNUSABLE
        assert complaints.splitlines() == [
            'livereduce.worker: "source": expected a URL',
            'livereduce.worker: "script_dir": is gone',
        ]
        assert [beat.phase for beat in worker.all_beats()] == [Phase.STARTING]


def test_scripts_import_helpers_beside_them_but_cannot_shadow_the_library(tmp_path: Path) -> None:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "helper_of_pg3.py").write_text("NAME = 'found'\n")
    (scripts / "colorsys.py").write_text("")
    with worker_with("Imports", tmp_path) as worker:
        assert [worker.heard(), worker.heard()] == ["found", "True"]


def test_the_process_is_light_and_its_signals_are_as_the_daemon_expects(tmp_path: Path) -> None:
    with worker_with("Surroundings", tmp_path) as worker:
        assert [worker.heard() for _ in range(3)] == [
            "heavy imports: []",
            "SIGINT ignored: True",
            "SIGTERM default: True",
        ]


def test_a_signal_writes_the_stacks_and_the_work_goes_on(tmp_path: Path) -> None:
    with worker_with("LongStep", tmp_path) as worker:
        assert [worker.heard(), worker.heard()] == ["started", "step begun"]
        worker.process.send_signal(signal.SIGINT)
        worker.process.send_signal(signal.SIGUSR1)
        worker.stop()
        code, _, complaints = worker.end()
        assert code == ExitCode.OK
        assert "worker_child.py" in complaints
        assert "in step" in complaints
        assert "in _read_orders" in complaints


# --- the real entry ---


def run_entry(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "livereduce.worker", *arguments]
    return subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)


def test_a_job_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"engine": "builtin"}')
    for arguments, complaint in (
        ([], "expected one argument"),
        ([str(broken), "more"], "expected one argument"),
        ([str(tmp_path / "gone.json")], "gone.json"),
        ([str(broken)], f"{broken}: not a job: "),
    ):
        ended = run_entry(*arguments)
        assert ended.returncode == ExitCode.UNUSABLE
        assert ended.stderr.startswith("livereduce.worker: ")
        assert complaint in ended.stderr
        assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("number", ["three", "-1", "9999", "99999999999999999999"])
def test_a_descriptor_that_cannot_be_used_is_named(tmp_path: Path, number: str) -> None:
    ended = run_entry(str(job_file(tmp_path)), **{BEAT_FD: number})
    assert ended.returncode == ExitCode.UNUSABLE
    assert f"{BEAT_FD}={number}" in ended.stderr


def test_an_engine_that_is_not_there_is_named(tmp_path: Path) -> None:
    with running([sys.executable, "-m", "livereduce.worker", str(job_file(tmp_path, "mantis"))]) as worker:
        code, _, complaints = worker.end()
        assert code == ExitCode.UNUSABLE
        assert '"mantis" is not known; expected "builtin" or "mantid"' in complaints
        assert [beat.phase for beat in worker.all_beats()] == [Phase.STARTING]


class Broken(types.ModuleType):
    """A module whose import ends as that of Mantid does when a library of its own is missing."""

    def __getattr__(self, name: str) -> object:
        raise ImportError("libMantidKernel.so: cannot open shared object file")


def put_in_place_of_the_mantid_engine(monkeypatch: pytest.MonkeyPatch, module: object) -> None:
    for name in ("livereduce.engine.mantid", "livereduce.engine.mantid.engine"):
        monkeypatch.setitem(sys.modules, name, module)


def test_a_mantid_whose_libraries_do_not_load_is_unusable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_place_of_the_mantid_engine(monkeypatch, Broken("livereduce.engine.mantid.engine"))
    with pytest.raises(OperatorError, match=r"^the mantid engine needs .*: libMantidKernel.* \(in .*python.*\)$"):
        worker_main.engine_for(decode_job(job_file(tmp_path, "mantid").read_text()), print)


@pytest.mark.parametrize("engine", ["builtin", "mantid"])
def test_a_module_of_ours_that_does_not_import_is_a_crash(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, f"livereduce.engine.{engine}.engine", None)
    with pytest.raises(ImportError, match=r"livereduce\.engine"):
        worker_main.engine_for(decode_job(job_file(tmp_path, engine).read_text()), print)


def test_the_mantid_engine_is_taken_from_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = object()
    put_in_place_of_the_mantid_engine(monkeypatch, types.SimpleNamespace(MantidEngine=engine))
    assert worker_main.engine_for(decode_job(job_file(tmp_path, "mantid").read_text()), print) is engine


def test_compiling_is_told_before_the_first_kernel_is_ready(tmp_path: Path) -> None:
    """With an empty cache, as on the first start on a machine; the next start has nothing to say."""
    said: list[list[str]] = []
    code = (
        "import sys\n"
        "from livereduce.worker.main import engine_for\n"
        "from livereduce.messages.job import decode_job\n"
        "engine_for(decode_job(open(sys.argv[1]).read()), print)\n"
    )
    for _ in range(2):
        environ = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "kernels")}
        command = [sys.executable, "-c", code, str(job_file(tmp_path))]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        said.append(done.stdout.splitlines())
    assert said[0][0].startswith("compiling kernels for this machine, once (1 of ")
    assert said[1] == []
