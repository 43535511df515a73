from pathlib import Path

import pytest

from livereduce.files import replace_file


def test_the_whole_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    replace_file(path, b"new")
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("a.json", b"new")]


def test_what_cannot_be_put_in_place_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.mkdir()  # root may write anywhere, but no file takes the place of a directory
    with pytest.raises(OSError, match=r"a\.json"):
        replace_file(path, b"new")
    assert list(tmp_path.iterdir()) == [path]
