"""The demo: what it says of two snapshots, and all of it as a newcomer would see it."""

import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from helpers.group import held, wait_for_ends
from helpers.progress import changed
from helpers.reduced import environ_of, processes_in
from livereduce.base.errors import OperatorError
from livereduce.base.extras import how_to_install
from livereduce.commands.demo import demo, narrate, page_of
from livereduce.messages.progress import Progress, RunProgress, RunState, SourceProgress, TotalProgress
from livereduce.messages.status import StateWord, Status
from livereduce.publish.products.file import read_product

BEFORE = Status(
    state=StateWord.RUNNING,
    why="reducing run 5",
    since="2026-01-02T03:04:00.000+00:00",
    pid=1,
    started="2026-01-02T03:00:00.000+00:00",
    updated="2026-01-02T03:04:05.678+00:00",
    version="1",
    progress=Progress(
        run=RunProgress(number=5, state=RunState.RUNNING, chunks=2, events=2000),
        total=TotalProgress(results=2),
        source=SourceProgress(data_age_s=0.31),
    ),
)

LATER = {
    "run": {"chunks": 3, "events": 3_456},
    "total": {"results": 3},
    "steps": {"proc_s": 0.0123, "post_proc_s": 0.001},
}


def after(**progress: Any) -> Status:
    assert BEFORE.progress
    return replace(BEFORE, progress=changed(BEFORE.progress, **progress))


def test_nothing_is_told_of_nothing() -> None:
    assert narrate(None, None) == []
    assert narrate(BEFORE, None) == []
    assert narrate(BEFORE, BEFORE) == []
    assert narrate(BEFORE, after(total={"events": 99}, source={"data_age_s": 0.4})) == []


def test_a_new_result_is_told() -> None:
    (line,) = narrate(BEFORE, after(**LATER))
    expected = "run 5: result 3 holds 3,456 events, 0.3 s behind the beam  (proc 12 ms, post_proc 1 ms)"
    assert line == f"03:04:05  {expected}"


def test_a_result_between_runs_without_a_pulse_yet() -> None:
    (line,) = narrate(BEFORE, after(run={"number": 0}, total={"results": 3}, source={"data_age_s": None}))
    assert "  between runs: result 2 holds 2,000 events  (proc" in line


def test_a_result_of_a_run_that_was_over_before_it_could_be_told_is_left_out() -> None:
    assert narrate(BEFORE, after(run={"number": 6, "chunks": 0, "events": 0}, total={"results": 3})) == []


def test_a_change_of_state_is_told_with_its_reason_and_problems() -> None:
    first, result = narrate(None, BEFORE)
    assert first == "03:04:05  running: reducing run 5"
    assert "result 2 holds 2,000 events" in result
    starting = replace(BEFORE, state=StateWord.STARTING, why="", progress=None)
    assert narrate(BEFORE, starting) == ["03:04:05  starting"]
    parked = replace(starting, state=StateWord.PARKED, why="two problems", problems=("no script", "no stream"))
    assert narrate(starting, parked)[0].splitlines() == [
        "03:04:05  ! parked: two problems",
        "          no script",
        "          no stream",
    ]


def test_a_folder_that_is_not_the_demos_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "livereduce-demo").mkdir()
    (tmp_path / "livereduce-demo" / "thesis.tex").touch()
    with pytest.raises(
        OperatorError, match="livereduce-demo already exists and was not made by an earlier demo; move it away"
    ):
        demo(once=True, out=io.StringIO())
    assert [path.name for path in (tmp_path / "livereduce-demo").iterdir()] == ["thesis.tex"]


@pytest.mark.timeout(150)
def test_two_runs_as_a_newcomer_sees_them(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    command = subprocess.run(
        [sys.executable, "-m", "livereduce", "demo", "--once"],
        cwd=tmp_path,
        env=environ_of(tmp_path_factory),
        capture_output=True,
        text=True,
        check=False,
        timeout=140,
    )
    assert (command.returncode, command.stderr) == (0, "")
    ended = [line.split()[1] for line in command.stdout.splitlines() if line.endswith("has ended; its result:")]
    assert len(ended) == 2
    for run in ended:
        picture = command.stdout.partition(f"run {run} has ended; its result:\n")[2].splitlines()[:14]
        assert "█" in picture[10]
        assert "└──────" in picture[12]
        product = read_product(tmp_path / "livereduce-demo" / "state" / "products" / run / "result.nxs")
        assert f"d (Å), {product.attributes['events']:,} events" in picture[13]
        assert (product.attributes["events"], product.attributes["incomplete"]) == (12 * 200_000, "")
    assert re.search(r"^page +http://127\.0\.0\.1:\d+/$", command.stdout, re.MULTILINE)
    assert "livereduce-demo/state/products/<run>/result.nxs" in command.stdout
    assert "livereduce-demo/livereduce.log" in command.stdout
    assert not [line for line in command.stdout.splitlines() if "!" in line], "something was wrong in between"
    assert processes_in([tmp_path, tmp_path / "livereduce-demo"]) == []


@contextmanager
def a_demo(folder: Path, factory: pytest.TempPathFactory, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A demo whose programs have all been started; whatever becomes of it, nothing of it is left."""
    process = subprocess.Popen(
        # as a terminal starts it: what was begun in the background, as tests may be, ignores SIGINT
        ["env", "--default-signal=INT,HUP", sys.executable, "-m", "livereduce", "demo", *options],
        cwd=folder,
        env=environ_of(factory),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        while not (line := process.stdout.readline()).startswith("scripts "):
            assert line, "the demo has ended by itself"
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def programs_of(folder: Path) -> dict[str, int]:
    """What the demo has started, by command; the worker is not the demo's but the daemon's."""
    found: dict[str, int] = {}
    for pid in processes_in([folder / "livereduce-demo"]):
        words = psutil.Process(pid).cmdline()
        found.update({word: pid for word in ("simulate", "run", "web") if word in words and "livereduce" in words})
    return found


def test_ctrl_c_ends_it_in_order(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A terminal sends SIGINT to all that runs in the foreground."""
    with a_demo(tmp_path, tmp_path_factory) as process:
        os.killpg(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=40)
        assert (process.returncode, errors) == (0, "")
        assert "\nstopped\n" in f"\n{output}"
        assert processes_in([tmp_path, tmp_path / "livereduce-demo"]) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_it_alone_ends_all_that_it_has_started(
    number: signal.Signals, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with a_demo(tmp_path, tmp_path_factory) as process:
        assert set(programs_of(tmp_path)) == {"simulate", "run", "web"}
        process.send_signal(number)
        output, errors = process.communicate(timeout=40)
        assert (process.returncode, errors) == (0, "")
        assert "\nstopped\n" in f"\n{output}"
        assert processes_in([tmp_path, tmp_path / "livereduce-demo"]) == []


def test_killed_it_leaves_nothing_behind(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with a_demo(tmp_path, tmp_path_factory) as process:
        pids = set(processes_in([tmp_path / "livereduce-demo"]))
        assert len(pids) >= 3
        with held(pids) as ends:
            process.kill()
            wait_for_ends(ends)
        log = (tmp_path / "livereduce-demo" / "livereduce.log").read_text()
        assert "stopped" in log.splitlines()[-1], "the daemon has ended in order"


@pytest.mark.parametrize(("program", "name"), [("run", "the daemon"), ("simulate", "the simulated stream server")])
def test_what_ends_by_itself_is_said_at_once_with_its_last_lines(
    program: str, name: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with a_demo(tmp_path, tmp_path_factory) as process:
        os.kill(programs_of(tmp_path)[program], signal.SIGKILL)
        _, errors = process.communicate(timeout=40)
        assert process.returncode == 78
        said, *lines = errors.splitlines()
        assert said.startswith(f"livereduce demo: {name} was killed by SIGKILL; the last lines of ")
        log = Path(said.partition("the last lines of ")[2].removesuffix(":"))
        assert lines
        assert [line.removeprefix("    ") for line in lines] == log.read_text().splitlines()[-len(lines) :]
        assert processes_in([tmp_path, tmp_path / "livereduce-demo"]) == []


def test_without_its_page_it_goes_on(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with a_demo(tmp_path, tmp_path_factory) as process:
        os.kill(programs_of(tmp_path)["web"], signal.SIGKILL)
        assert process.stdout is not None
        while "! the page was killed by SIGKILL; the last lines of " not in (line := process.stdout.readline()):
            assert line, "the demo has ended by itself"
        assert set(programs_of(tmp_path)) == {"simulate", "run"}


def test_without_the_extra_there_is_no_page_and_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = 'raise ModuleNotFoundError("No module named starlette", name="starlette")\n'
    (tmp_path / "starlette.py").write_text(missing)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with page_of(tmp_path) as (_, page):
        needs = f"livereduce web needs starlette, which {sys.executable} does not have"
        assert page == f"none: {needs}; install it: {how_to_install('web', sys.executable)}"
