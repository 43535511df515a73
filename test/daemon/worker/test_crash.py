"""Where a worker crashed, from the trace that Python itself prints."""

import subprocess
import sys
from pathlib import Path

import pytest

from livereduce.daemon.worker.crash import before_trace, crashed, place_of

SCRIPT = "import ctypes\n\ndef __live__():\n    ctypes.string_at(0)\n\n__live__()\n"


def crash_of(script: Path) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-S", "-X", "faulthandler", str(script)], capture_output=True, text=True, check=False
    )
    return done.returncode, ["ready", *done.stderr.splitlines()]


def test_a_crash_names_the_line_of_the_script(tmp_path: Path) -> None:
    script = tmp_path / "reduce_POWDER_live_proc.py"
    script.write_text(SCRIPT)
    code, lines = crash_of(script)
    assert crashed(code, lines, {str(script): "proc"}) == f"proc crashed at {script}:4 (segmentation fault, SIGSEGV)"
    assert "string_at" in "\n".join(lines)
    assert crashed(code, lines, {}).startswith("the worker crashed at ")
    assert before_trace(lines) == ("ready", "Fatal Python error: Segmentation fault")


@pytest.mark.parametrize("code", [1, 0, 70, 78, -9, -15, -2, -50])
def test_an_end_that_is_no_crash_has_no_such_sentence(code: int) -> None:
    assert crashed(code, ["Fatal Python error: Aborted"], {}) == ""


def test_a_crash_without_a_trace_is_one_all_the_same() -> None:
    assert crashed(-6, [], {}) == "the worker crashed (abort, SIGABRT)"
    assert before_trace(["one", "two"]) == ("one", "two")


@pytest.mark.parametrize(
    ("frame", "place"),
    [('File "/a b/x.py", line 31 in __live__', "/a b/x.py:31"), ("", ""), ("not known", "")],
)
def test_a_frame_becomes_a_place(frame: str, place: str) -> None:
    assert place_of(frame) == place
