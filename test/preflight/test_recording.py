"""What a configuration of recordings means on this host."""

from dataclasses import replace
from pathlib import Path

import pytest

from livereduce.config.file import Config
from livereduce.preflight.host import Host
from livereduce.preflight.recording import describe_recordings, recording_warnings

HOST = Host(environ={}, cwd=Path("/"))


def test_nothing_is_said_where_nothing_is_recorded() -> None:
    assert recording_warnings(Config(), "builtin") == []
    assert describe_recordings(Config(), HOST, "builtin") == ("none", "")


def test_the_mantid_engine_records_nothing_and_says_so(tmp_path: Path) -> None:
    config = Config(record_dir=tmp_path)
    (warning,) = recording_warnings(config, "mantid")
    assert "livereduce record" in warning
    assert recording_warnings(config, "builtin") == []


def test_where_and_how_much_room(tmp_path: Path) -> None:
    said, problem = describe_recordings(Config(record_dir=tmp_path / "new"), HOST, "builtin")
    assert said.startswith(f"{tmp_path / 'new'}; at most 20 runs, 50 GB; ")
    assert "GB free on " in said
    assert problem == ""


def test_a_directory_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    _, problem = describe_recordings(Config(record_dir=tmp_path / "file" / "x"), HOST, "builtin")
    assert "is not a directory" in problem


def test_a_directory_of_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    config = Config(record_dir=tmp_path)
    assert "no permission" in describe_recordings(config, HOST, "builtin")[1]
    assert describe_recordings(config, replace(HOST, of_another_user=True), "builtin")[1] == ""


def test_the_daemon_looks_at_no_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be on a file system that does not answer."""

    def hangs(*_: object) -> None:
        raise AssertionError("the file system was asked")

    for name in ("exists", "is_dir", "stat"):
        monkeypatch.setattr(Path, name, hangs)
    assert recording_warnings(Config(record_dir=Path("/hangs")), "builtin") == []
