from dataclasses import replace
from pathlib import Path

import pytest

from livereduce.daemon.report import script_output
from livereduce.daemon.report.script_output import (
    LONGEST_LINE,
    MAX_CHARACTERS,
    MAX_LINES,
    FailureFile,
    PrintedLines,
    judge_failure,
)
from livereduce.messages.progress import Progress, TotalProgress
from livereduce.messages.script_failure import FILE_NAME, ScriptFailure, read_failure, write_failure
from livereduce.messages.status import Printed

FAILURE = ScriptFailure(
    at="",
    generation=3,
    script_errors=2,
    run=7,
    step="proc",
    md5="old",
    file="proc.py",
    line=1,
    text="NameError",
    traceback="…",
)


def test_the_last_lines_are_kept() -> None:
    printed = PrintedLines()
    for k in range(100):
        printed.take(f"line {k}", f"at {k}")
    assert len(printed.last) == MAX_LINES
    assert printed.last[-1] == Printed(at="at 99", line="line 99")


def test_long_lines_are_cut_and_the_whole_is_bounded() -> None:
    printed = PrintedLines()
    for _ in range(MAX_LINES):
        printed.take("x" * 4096, "")
    assert {len(one.line) for one in printed.last} == {LONGEST_LINE}
    assert printed.last[0].line.endswith("…")
    assert len(printed.last) == MAX_CHARACTERS // LONGEST_LINE


@pytest.mark.parametrize(
    ("md5", "generation", "progress", "shown"),
    [
        ("old", 3, None, False),
        ("old", 3, Progress(last_errors={"proc": "NameError"}, total=TotalProgress(results=5)), False),
        ("old", 3, Progress(total=TotalProgress(results=0, script_errors=2)), False),
        ("old", 3, Progress(total=TotalProgress(results=5, script_errors=2)), True),
        ("old", 3, Progress(total=TotalProgress(results=5, script_errors=1)), False),  # a beat from before the failure
        ("old", 4, Progress(total=TotalProgress(results=0)), False),
        ("old", 4, Progress(total=TotalProgress(results=1)), True),
        ("old", 2, Progress(total=TotalProgress(results=5)), False),  # the newest beat is of the worker before
        ("new", 4, Progress(total=TotalProgress(results=0)), None),
    ],
)
def test_a_failure_is_shown_until_the_script_is_another(
    md5: str, generation: int, progress: Progress | None, shown: bool | None
) -> None:
    found = judge_failure(FAILURE, {"proc": md5}, generation, progress)
    assert found == (None if shown is None else replace(FAILURE, well_again=shown))


def test_a_failure_of_a_script_that_is_gone_is_not_shown() -> None:
    assert judge_failure(FAILURE, {"post_proc": "old"}, 3, None) is None
    assert judge_failure(None, {"proc": "old"}, 3, None) is None


def test_the_file_is_read_when_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Path] = []
    read = read_failure

    def reading(state_dir: Path) -> ScriptFailure | None:
        reads.append(state_dir)
        return read(state_dir)

    monkeypatch.setattr(script_output, "read_failure", reading)
    file = FailureFile()
    assert file.look(tmp_path) is None
    write_failure(tmp_path, FAILURE)
    for _ in range(3):
        assert file.look(tmp_path) == FAILURE
    assert len(reads) == 1
    write_failure(tmp_path, replace(FAILURE, run=8))
    assert file.look(tmp_path) == replace(FAILURE, run=8)
    (tmp_path / FILE_NAME).unlink()
    assert file.look(tmp_path) is None
