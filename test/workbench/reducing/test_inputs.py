"""Words become runs: each once, under a name of its own; all that cannot be is said at once."""

from pathlib import Path

import pytest

from livereduce.base.errors import OperatorError
from livereduce.workbench.reducing.inputs import inputs_of, named


def test_paths_and_patterns_name_files_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("PG3_2.nxs.h5", "PG3_1.nxs.h5", "other.txt"):
        (tmp_path / name).write_bytes(b"abc")
    found = inputs_of(["PG3_2.nxs.h5", "PG3_*.h5"], None, "PG3")
    assert [(one.name, one.path, one.size_bytes) for one in found] == [
        ("PG3_2", tmp_path / "PG3_2.nxs.h5", 3),
        ("PG3_1", tmp_path / "PG3_1.nxs.h5", 3),
    ]


def test_another_content_is_seen(tmp_path: Path) -> None:
    folder = tmp_path / "PG3_5"
    folder.mkdir()
    (folder / "PG3_5_0001.adara").write_bytes(b"1234")
    (one,) = inputs_of([str(folder)], None, "PG3")
    (folder / "PG3_5_0002.adara").write_bytes(b"12")
    (more,) = inputs_of([str(folder)], None, "PG3")
    assert (one.size_bytes, more.size_bytes) == (4, 6)


def test_everything_that_cannot_be_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(OperatorError) as raised:
        inputs_of([str(tmp_path / "absent.nxs"), str(tmp_path / "*.nxs"), "17"], None, "PG3")
    assert raised.value.problems == (
        f"{tmp_path}/absent.nxs: there is no such file or folder",
        f"{tmp_path}/*.nxs: no file matches",
        "run 17: no directory of recordings is known; name it with --recordings",
    )


def test_a_run_number_is_looked_up_in_the_recordings(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="17"):
        inputs_of(["17"], tmp_path, "PG3")


def test_names_are_apart() -> None:
    paths = [Path(text) for text in ("/a/run.nxs", "/b/run.h5", "/c/run", "/d/.nxs")]
    assert list(named(paths)) == ["run", "run_2", "run_3", "nxs"]
