"""Saves of a set that is not the one in use: seen once each, whatever an editor does, and never without one."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from livereduce.commands.trying.session import SAVE_TIMES
from livereduce.daemon.inputs.saves import Saves
from livereduce.scripting.files import script_path
from livereduce.scripting.script_set import read_set

INST = "PG3"


class Folder:
    """Scripts in a folder, read and watched as `livereduce try` does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(exist_ok=True)
        self.proc, self.post_proc = (script_path(path, INST, step) for step in ("proc", "post_proc"))
        self.now = 0.0

    def read(self) -> "Folder":
        self.saves = Saves(self.path, self.proc, self.post_proc, read_set(self.path, INST), self.now, SAVE_TIMES)
        return self

    def seen(self, looks: int = 4) -> list[str]:
        """What is said in so many looks."""
        said = []
        for _ in range(looks):
            self.now += SAVE_TIMES.poll_s
            said.append(self.saves.saved(self.now))
        return [one for one in said if one]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    found = Folder(tmp_path / "scripts")
    found.proc.write_text("import helper\noutput = 1\n")
    return found.read()


CHANGED = [f"reduce_{INST}_live_proc.py changed"]


def by_rename(path: Path) -> None:
    fresh = path.with_name(".fresh")
    fresh.write_text("output = 2\n")
    fresh.rename(path)


def deleted_and_made_again(path: Path) -> None:
    path.unlink()
    path.write_text("output = 2\n")


def folder_replaced(path: Path) -> None:
    path.parent.rename(path.parent.with_name("old"))
    path.parent.mkdir()
    path.write_text("output = 2\n")


def link_to_another(path: Path) -> None:
    (path.parent / "v2.py").write_text("output = 2\n")
    path.unlink()
    path.symlink_to("v2.py")


def from_an_older_copy(path: Path) -> None:
    path.write_text("output = 2\n")
    os.utime(path, (1, 1))


def as_long_as_before_with_the_same_time(path: Path) -> None:
    before, text = path.stat(), path.read_text()
    path.write_text(text.replace("1", "2"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    "save",
    [
        by_rename,
        deleted_and_made_again,
        folder_replaced,
        link_to_another,
        from_an_older_copy,
        as_long_as_before_with_the_same_time,
    ],
)
def test_every_way_of_saving_is_seen_once(folder: Folder, save: Callable[[Path], None]) -> None:
    save(folder.proc)
    assert folder.seen() == CHANGED
    assert folder.seen(40) == []


def test_two_saves_that_no_stamp_tells_apart_are_seen_when_the_bytes_are_read_again(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.seen(1)
    stamps = folder.proc.stat()
    folder.proc.write_text("import helper\noutput = 2\n")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fstat", lambda _fd: stamps)
        assert folder.seen(round(SAVE_TIMES.rehash_s / SAVE_TIMES.poll_s) + 3) == CHANGED


def test_a_script_that_is_away_for_longer_is_removed_and_appears(folder: Folder) -> None:
    text = folder.proc.read_text()
    folder.proc.unlink()
    assert folder.seen() == [f"{folder.proc.name} removed"]
    folder.proc.write_text(text)
    assert folder.seen() == [f"{folder.proc.name} appeared"]


def test_a_folder_that_is_away_for_a_moment_is_waited_for(folder: Folder) -> None:
    shutil.move(folder.path, folder.path.with_name("away"))
    assert folder.seen(20) == []
    shutil.move(folder.path.with_name("away"), folder.path)
    assert folder.seen() == []


def test_a_file_that_cannot_be_read_any_more_is_said_once_and_so_is_its_return(folder: Folder) -> None:
    text = folder.proc.read_text()
    folder.proc.unlink()
    folder.proc.mkdir()
    assert folder.seen(10) == [f"{folder.proc.name} unreadable"]
    folder.proc.rmdir()
    folder.proc.write_text(text)
    assert folder.seen(10) == [f"{folder.proc.name} appeared"]


def test_a_folder_in_the_place_of_a_module_is_no_save(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "scripts")
    folder.proc.write_text("import helper\n")
    (folder.path / "helper.py").mkdir()
    assert folder.read().seen(10) == []


def test_modules_and_parameters_that_appear_are_saves(folder: Folder) -> None:
    (folder.path / "helper.py").write_text("")
    (folder.path / "parameters.json").write_text("{}")
    assert sorted(folder.seen()[0].split(", ")) == ["helper.py appeared", "parameters.json appeared"]


def test_what_was_saved_while_the_set_was_read_counts_as_a_save(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "scripts")
    folder.proc.write_text("output = 1\n")
    found = read_set(folder.path, INST)
    folder.proc.write_text("output = 2\n")
    folder.saves = Saves(folder.path, folder.proc, folder.post_proc, found, 0.0, SAVE_TIMES)
    assert folder.seen() == CHANGED


def test_it_is_not_looked_more_often_than_asked(folder: Folder) -> None:
    folder.proc.write_text("output = 2\n")
    assert folder.saves.saved(0.25) == ""
    assert folder.saves.saved(0.4) == ""
    assert folder.saves.saved(0.46) == CHANGED[0]
