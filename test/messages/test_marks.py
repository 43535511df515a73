import os
import signal
import subprocess
import sys
from pathlib import Path

from livereduce.messages.marks import Mark, Marker, MarkStage, Suspect, read_mark

NEWEST = 2**63 - 1


def test_a_mark_says_what_is_in_hand(tmp_path: Path) -> None:
    path = tmp_path / "mark"
    marker = Marker(path)
    assert read_mark(path) is None
    marker.data(MarkStage.INTAKE, 2**32 - 1, 5, NEWEST)
    assert read_mark(path) == Mark(stage=MarkStage.INTAKE, run=2**32 - 1, from_ns=5, to_ns=NEWEST)
    marker.stage(MarkStage.PROC)
    assert read_mark(path) == Mark(stage=MarkStage.PROC, run=2**32 - 1, from_ns=5, to_ns=NEWEST)
    marker.passed()
    assert read_mark(path) is None
    marker.data(MarkStage.DECODE, 2**32 - 1, 7, 8, packet=1 << 32 | 9)
    assert read_mark(path) == Mark(
        stage=MarkStage.DECODE, run=2**32 - 1, from_ns=7, to_ns=8, packet=1 << 32 | 9, passed=1
    )
    marker.nothing()
    assert read_mark(path) is None


def test_passed_counts_within_a_run(tmp_path: Path) -> None:
    marker = Marker(tmp_path / "mark")
    marker.data(MarkStage.INTAKE, 1, 0, 1)
    marker.passed()
    marker.data(MarkStage.INTAKE, 2, 2, 3)
    mark = read_mark(tmp_path / "mark")
    assert mark is not None
    assert mark.passed == 0


def test_it_outlives_a_process_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from livereduce.messages.marks import Marker, MarkStage\n"
        "marker = Marker(Path(sys.argv[1])); marker.data(MarkStage.DECODE, 5, 1, 2); os.kill(os.getpid(), 9)"
    )
    path = tmp_path / "mark"
    ended = subprocess.run([sys.executable, "-c", code, str(path)], env=dict(os.environ), check=False)
    assert ended.returncode == -signal.SIGKILL
    assert read_mark(path) == Mark(stage=MarkStage.DECODE, run=5, from_ns=1, to_ns=2)


def test_without_a_place_nothing_is_marked_and_nothing_fails(tmp_path: Path) -> None:
    for marker in (Marker(), Marker(tmp_path / "no such folder" / "mark")):
        marker.data(MarkStage.DECODE, 5, 1, 2)
        marker.passed()
    assert read_mark(tmp_path / "no such folder" / "mark") is None


def test_rubbish_is_no_mark(tmp_path: Path) -> None:
    for rubbish in (b"", b"x", b"\xff" * 40, bytes(39), bytes(41)):
        (tmp_path / "mark").write_bytes(rubbish)
        assert read_mark(tmp_path / "mark") is None


def test_the_reason_of_a_skip_names_stage_and_time() -> None:
    one = Suspect(stage=MarkStage.INTAKE, run=5, from_ns=10**9, to_ns=3 * 10**9, why="killed by SIGSEGV")
    assert one.reason == (
        "the data of 1990-01-01T00:00:01.000000Z to 1990-01-01T00:00:03.000000Z left out: "
        "the worker crashed or hung on it twice in intake (killed by SIGSEGV)"
    )
