"""The command: what its options mean, what it refuses, and the process itself."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.event_files import event_file
from helpers.listener import hello
from helpers.paths import DATA, needs_data
from helpers.wire import runs
from livereduce.base.errors import OperatorError
from livereduce.base.times import epics_ns
from livereduce.commands.simulate import play_of, run_command
from livereduce.simulate.adara.play import Opening
from livereduce.simulate.arguments import add_arguments

S = 10**9


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--powder", "--nexus", "x"],
        ["--powder", "--speed", "-1"],
        ["--powder", "--rate", "0"],
        ["--powder", "--run-seconds", "nan"],
        ["--powder", "--runs", "-2"],
        ["--powder", "--runs", "two"],
    ],
)
def test_options_that_make_no_sense(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        options(*words)
    assert "usage" in capsys.readouterr().err


def test_what_a_file_lacks_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = event_file(tmp_path / "x.nxs", lambda entry: entry.pop("DASlogs"))
    play_of(options("--nexus", str(path)))
    assert capsys.readouterr().out == f"{path}: DASlogs/proton_charge: no proton charge; every pulse has 0 pC\n"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--nexus", "x", "--rate", "5"], "--rate only works with --powder"),
        (["--capture", "x", "--runs", "2"], "--runs does not work with --capture"),
        (["--capture", "x", "--run-seconds", "2"], "--run-seconds does not work with --capture"),
        (["--capture", "absent.adara"], r"absent\.adara: cannot be read"),
        (["--nexus", "absent.nxs"], r"absent\.nxs: cannot be read"),
    ],
)
def test_contradictions_and_missing_files_are_named(words: list[str], reason: str) -> None:
    with pytest.raises(OperatorError, match=reason):
        play_of(options(*words))


@pytest.mark.parametrize("speed", ["0", "1", "10"])
def test_stamps_are_those_of_the_wall_clock(speed: str) -> None:
    """A play of known length ends at about now if it is played faster than the clock, and begins now if not."""
    play = play_of(options("--powder", "--runs", "2", "--run-seconds", "100", "--gap-seconds", "5", "--speed", speed))
    now_ns = epics_ns(time.time())
    *_, last = (act.due_ns for act in play.acts if isinstance(act, Opening))
    begun_s, ended_s = (play.origin_ns - now_ns) / S, (last - now_ns) / S
    if speed == "1":
        assert -5 < begun_s <= 0
    elif speed == "0":
        assert -10 < ended_s <= 0
    else:
        assert ended_s < 25


def test_a_port_in_use_is_an_error_for_the_operator() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OperatorError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
            run_command(options("--powder", "--port", str(port)))


def test_the_options_need_no_numpy() -> None:
    code = "import sys, livereduce.simulate.arguments; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def begin(*words: str) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "livereduce", "simulate", "--port", "0", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline().split(":")
    assert line[0] == "listening on 127.0.0.1"
    return process, int(line[1])


def fetch(port: int) -> bytes:
    parts = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(hello(1))
        while part := connection.recv(1 << 16):
            parts.append(part)
    return b"".join(parts)


def test_two_runs_for_one_client_then_it_ends() -> None:
    process, port = begin("--powder", "--rate", "6000", "--speed", "0", "--runs", "2", "--run-seconds", "2")
    data = fetch(port)
    output, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
    asked, *edges = sorted(output.splitlines(), key=lambda line: line.startswith("run"))
    assert asked.startswith("a client asks for ")
    assert edges == ["run 1 started", "run 1 stopped", "run 2 started", "run 2 stopped"]
    assert [(run.run, run.events) for run in runs(data) if run.run] == [(1, 12_000), (2, 12_000)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(number: signal.Signals) -> None:
    process, _ = begin("--powder")
    os.kill(process.pid, number)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


@needs_data
def test_a_capture_over_the_wire() -> None:
    path: Path = DATA / "sms" / "k_connect_at_run_start.adara"
    process, port = begin("--capture", str(path), "--speed", "0")
    data = fetch(port)
    process.communicate(timeout=20)
    assert data == path.read_bytes()
