"""Who may write to a folder: by owners, modes, links and what is on the way."""

import grp
import os
import pwd
from pathlib import Path

import pytest

from livereduce.base import trusted
from livereduce.base.trusted import who_else_may_write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "above" / "kernels"
    made.mkdir(parents=True)
    for one in (made.parent, made):
        one.chmod(0o755)
    return made


def test_a_folder_of_ours_below_a_sticky_one_is_safe(folder: Path) -> None:
    (folder / "one").mkdir(mode=0o755)
    (folder / "one" / "f.nbi").write_bytes(b"")
    assert who_else_may_write(folder) == ""
    assert who_else_may_write(folder / "one" / "not" / "there") == ""


def test_what_others_can_write_is_named(folder: Path) -> None:
    folder.chmod(0o777)
    assert who_else_may_write(folder) == f"{folder} can be written by everyone (drwxrwxrwx)"
    folder.chmod(0o755)
    folder.parent.chmod(0o757)
    assert who_else_may_write(folder) == f"{folder.parent} can be written by everyone (drwxr-xrwx)"


def test_a_sticky_folder_is_safe_on_the_way_and_not_at_its_end(folder: Path) -> None:
    folder.parent.chmod(0o1777)
    assert who_else_may_write(folder) == ""
    assert "can be written by everyone" in who_else_may_write(folder.parent)


def test_a_group_is_others_unless_it_is_the_users_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.chmod(0o775)
    monkeypatch.setattr(trusted, "_is_alone", lambda gid, place: False)
    assert who_else_may_write(folder).startswith(f"{folder} can be written by the group ")
    monkeypatch.setattr(trusted, "_is_alone", lambda gid, place: True)
    assert who_else_may_write(folder) == ""


def test_a_group_with_another_name_or_another_member_is_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gid = folder.stat().st_gid
    user = pwd.struct_passwd(("us", "x", os.geteuid(), gid, "", "/", "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: user)

    def is_alone(name: str, members: list[str]) -> bool:
        monkeypatch.setattr(grp, "getgrgid", lambda gid: grp.struct_group((name, "x", gid, members)))
        return trusted._is_alone(gid, folder)

    assert is_alone("us", [])
    assert is_alone("us", ["us"])
    assert not is_alone("us", ["us", "them"])
    assert not is_alone("users", [])


def test_what_belongs_to_another_user_is_not_trusted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trusted, "ROOT", -1)
    monkeypatch.setattr(os, "geteuid", lambda: 4_242)
    assert who_else_may_write(folder).startswith(f"{Path(*folder.parts[:2])} belongs to ")


def test_what_is_inside_counts_unless_nobody_can_reach_it(folder: Path) -> None:
    (folder / "one").mkdir()
    file = folder / "one" / "f.nbc"
    file.touch()
    file.chmod(0o666)
    assert who_else_may_write(folder) == f"{file} can be written by everyone (-rw-rw-rw-)"
    folder.chmod(0o700)
    assert who_else_may_write(folder) == ""


def test_links_are_followed_and_the_way_to_their_ends_is_judged(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "open" / "place"
    elsewhere.mkdir(parents=True)
    elsewhere.chmod(0o755)
    link = folder / "link"
    link.symlink_to(Path("..") / ".." / "open" / "place")
    assert who_else_may_write(link / "kernels") == ""
    elsewhere.parent.chmod(0o777)
    assert who_else_may_write(link / "kernels") == f"{elsewhere.parent} can be written by everyone (drwxrwxrwx)"


def test_links_that_lead_nowhere_or_to_themselves(folder: Path) -> None:
    (folder / "gone").symlink_to("nowhere")
    assert who_else_may_write(folder / "gone" / "kernels") == ""
    (folder / "round").symlink_to("round")
    assert "round" in who_else_may_write(folder / "round" / "kernels")
