import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from livereduce.messages.script_failure import FILE_NAME, ScriptFailure, failure_of, read_failure, write_failure

FAILURE = ScriptFailure(
    at="2026-11-26T10:00:00.000+00:00",
    generation=3,
    script_errors=1,
    run=7,
    step="proc",
    md5="abc",
    file="/scripts/proc.py",
    line=8,
    text="NameError: …",
    traceback="Traceback (most recent call last):\n\ud800",
)


def test_the_last_one_is_read_back(tmp_path: Path) -> None:
    assert read_failure(tmp_path) is None
    write_failure(tmp_path, replace(FAILURE, run=6))
    write_failure(tmp_path, FAILURE)
    assert read_failure(tmp_path) == replace(FAILURE, traceback=FAILURE.traceback.replace("\ud800", "\\ud800"))
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize(
    "body", [None, [], {}, asdict(FAILURE) | {"line": "8"}, asdict(FAILURE) | {"well_again": 1}, {"at": "now"}]
)
def test_what_is_none_is_not_taken_for_one(tmp_path: Path, body: Any) -> None:
    with pytest.raises(ValueError, match="failure of a script"):
        failure_of(body)
    (tmp_path / FILE_NAME).write_text(json.dumps(body))
    assert read_failure(tmp_path) is None


def test_what_a_later_version_adds_is_passed_over() -> None:
    assert failure_of(asdict(FAILURE) | {"colour": "red"}) == failure_of(asdict(FAILURE))


def test_the_old_one_stands_where_the_new_one_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="absent"):
        write_failure(tmp_path / "absent", FAILURE)
