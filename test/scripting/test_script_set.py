import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from livereduce.scripting.files import ScriptFile, md5_of, script_path
from livereduce.scripting.script_set import LastGood, ScriptSet, choose, read_set

GOOD = b"output = input\n"


def write(directory: Path, **texts: bytes) -> None:
    for step, text in texts.items():
        (directory / f"reduce_PG3_live_{step}.py").write_bytes(text)


def verdict(script_dir: Path, engine: str = "") -> tuple[tuple[str, ...], tuple[str, ...]]:
    found = read_set(script_dir, "PG3", engine=engine)
    return found.problems, found.warnings


def test_scripts_are_found_by_the_short_name(tmp_path: Path) -> None:
    write(tmp_path, proc=GOOD, post_proc=b"pass\n")
    proc = ScriptFile(path=tmp_path / "reduce_PG3_live_proc.py", text=GOOD, md5=md5_of(GOOD))
    post_proc = ScriptFile(path=tmp_path / "reduce_PG3_live_post_proc.py", text=b"pass\n", md5=md5_of(b"pass\n"))
    found = read_set(tmp_path, "PG3")
    assert found == ScriptSet(proc=proc, post_proc=post_proc)
    assert verdict(tmp_path) == ((), ())
    assert md5_of(b"") == "d41d8cd98f00b204e9800998ecf8427e"


def test_both_scripts_missing_is_a_problem_that_names_both_paths(tmp_path: Path) -> None:
    (problem,), warnings = verdict(tmp_path)
    assert str(script_path(tmp_path, "PG3", "proc")) in problem
    assert str(script_path(tmp_path, "PG3", "post_proc")) in problem
    assert warnings == ()


def test_a_missing_proc_is_no_problem_where_there_is_a_post_proc(tmp_path: Path) -> None:
    write(tmp_path, post_proc=GOOD)
    assert verdict(tmp_path) == ((), ())


def test_a_missing_post_proc_is_the_way_to_disable_it(tmp_path: Path) -> None:
    write(tmp_path, proc=GOOD)
    assert verdict(tmp_path) == ((), ())


def test_both_scripts_are_judged(tmp_path: Path) -> None:
    write(tmp_path, proc=b"", post_proc=b"x = (\n")
    problems, _ = verdict(tmp_path)
    assert [problem.rpartition("/")[2].partition(":")[0] for problem in problems] == [
        "reduce_PG3_live_proc.py",
        "reduce_PG3_live_post_proc.py",
    ]


def test_a_missing_directory_has_its_own_message(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere"
    (problem,), _ = verdict(missing)
    assert problem.startswith(f"script directory {missing} does not exist")
    (tmp_path / "file").write_text("")
    (problem,), _ = verdict(tmp_path / "file")
    assert problem.startswith(f"script directory {tmp_path / 'file'} is not a directory")


def test_a_directory_that_cannot_be_read_has_its_own_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> Any:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    (problem,), _ = verdict(tmp_path)
    assert problem == f"script directory {tmp_path} cannot be read: Permission denied"


def test_an_unreadable_script_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, proc=GOOD)

    def refuse(*opened: object) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    (problem, *_), _ = verdict(tmp_path)
    assert problem == f"{tmp_path}/reduce_PG3_live_proc.py: cannot be read: Permission denied"


def test_a_directory_in_place_of_a_script_and_a_dangling_link(tmp_path: Path) -> None:
    (tmp_path / "reduce_PG3_live_proc.py").mkdir()
    (tmp_path / "reduce_PG3_live_post_proc.py").symlink_to(tmp_path / "gone.py")
    found = read_set(tmp_path, "PG3")
    assert found.post_proc is None
    (problem,), _ = verdict(tmp_path)
    assert problem.endswith("reduce_PG3_live_proc.py: cannot be read: not a regular file")


@pytest.mark.parametrize("size", [(1 << 20) + 1, 60 << 30, 1 << 40])
def test_a_script_that_is_too_long_is_not_read(tmp_path: Path, size: int) -> None:
    write(tmp_path, proc=b"")
    os.truncate(tmp_path / "reduce_PG3_live_proc.py", size)
    script = read_set(tmp_path, "PG3").proc
    assert script is not None
    assert script.text == b""
    assert "_proc.py: cannot be read: too long (" in script.problem
    assert script.problem.endswith(", at most 1 MiB)")


def test_names_that_go_nowhere_are_warnings_that_name_script_and_line(tmp_path: Path) -> None:
    write(tmp_path, proc=b"input = input * 2\n", post_proc=b"\nresult = sum(input)\n")
    problems, warnings = verdict(tmp_path, "builtin")
    assert problems == ()
    assert [warning[:60] for warning in warnings] == [
        "reduce_PG3_live_proc.py: line 1 assigns to `input`, which ha",
        "reduce_PG3_live_post_proc.py: line 2 assigns to `result`, wh",
    ]
    _, of_mantid = verdict(tmp_path, "mantid")
    assert len(of_mantid) == 1, "it may be an algorithm, which stores what it makes under the name"
    write(tmp_path, post_proc=b"\nresult = Rebin(input)\n")
    assert len(verdict(tmp_path, "builtin")[1]) == 1, "an algorithm stores what it makes: that is the output"


# ---- modules


def test_the_modules_are_part_of_the_set(tmp_path: Path) -> None:
    write(tmp_path, proc=b"import helper, absent\n")
    (tmp_path / "helper.py").write_bytes(b"x = 1\n")
    found = read_set(tmp_path, "PG3")
    (module,) = found.modules
    assert (module.path, module.name, module.text) == (tmp_path / "helper.py", ("helper",), b"x = 1\n")
    assert tmp_path / "absent.py" in found.missing
    assert found.is_sound
    before = found.version
    (tmp_path / "helper.py").write_bytes(b"x = 2\n")
    assert read_set(tmp_path, "PG3").version != before


def test_a_module_that_does_not_compile_makes_the_set_unsound_and_not_unusable(tmp_path: Path) -> None:
    """The script may import it in a `try`."""
    write(tmp_path, proc=b"import helper\n")
    (tmp_path / "helper.py").write_bytes(b"x = (\n")
    found = read_set(tmp_path, "PG3")
    assert (found.problems, found.is_sound) == ((), False)
    assert found.module_problems[0].startswith(f"{tmp_path}/helper.py:1: ")


def test_a_module_beyond_the_limits_makes_the_set_unusable(tmp_path: Path) -> None:
    write(tmp_path, proc=b"import helper\n")
    (tmp_path / "helper.py").touch()
    os.truncate(tmp_path / "helper.py", 60 << 30)
    (problem,) = read_set(tmp_path, "PG3").problems
    assert "too long (60 GiB, at most 16 MiB)" in problem


# ---- which set runs


@pytest.fixture
def good(tmp_path: Path) -> LastGood:
    """A set that was good; its files lie in `tmp_path`."""
    write(tmp_path, proc=b"import helper\n", post_proc=GOOD)
    (tmp_path / "helper.py").write_bytes(b"import inner\n")
    (tmp_path / "inner.py").write_bytes(b"x = 1\n")
    return LastGood(scripts=read_set(tmp_path, "PG3"))


def test_a_sound_set_on_disk_runs(tmp_path: Path, good: LastGood) -> None:
    (tmp_path / "inner.py").write_bytes(b"x = 2\n")
    on_disk = read_set(tmp_path, "PG3")
    assert choose(on_disk, good) == (on_disk, ())
    assert choose(on_disk, None) == (on_disk, ())


@pytest.mark.parametrize("name", ["reduce_PG3_live_proc.py", "helper.py", "inner.py"])
def test_one_broken_file_puts_the_whole_last_good_set_in_place(tmp_path: Path, good: LastGood, name: str) -> None:
    """Not a script of today with a module of yesterday: nobody has seen the two together."""
    write(tmp_path, post_proc=b"output = 2\n")
    (tmp_path / name).write_bytes(b"x = (\n")
    chosen, (note,) = choose(read_set(tmp_path, "PG3"), good)
    assert chosen == good.scripts
    assert note.problem.startswith(f"{tmp_path / name}:1: ")
    assert note.instead.endswith("stays in use")


def test_without_a_last_good_set_a_broken_module_is_tried(tmp_path: Path, good: LastGood) -> None:
    (tmp_path / "inner.py").write_bytes(b"x = (\n")
    on_disk = read_set(tmp_path, "PG3")
    assert choose(on_disk, None) == (on_disk, ())


@pytest.mark.parametrize("removed", [("inner.py",), ("helper.py", "inner.py")])
def test_a_module_that_is_removed_and_still_imported_is_named(
    tmp_path: Path, good: LastGood, removed: tuple[str, ...]
) -> None:
    for name in removed:
        (tmp_path / name).unlink()
    chosen, notes = choose(read_set(tmp_path, "PG3"), good)
    assert chosen == good.scripts
    assert [note.problem for note in notes] == [
        f"{tmp_path / name}: the module was removed, but the scripts still import it" for name in removed
    ]


def test_a_module_that_is_removed_with_another_change_is_the_new_version(tmp_path: Path, good: LastGood) -> None:
    (tmp_path / "inner.py").unlink()
    (tmp_path / "helper.py").write_bytes(b"x = 1\n")
    on_disk = read_set(tmp_path, "PG3")
    assert choose(on_disk, good) == (on_disk, ())


def test_a_module_that_becomes_a_package_is_the_new_version(tmp_path: Path, good: LastGood) -> None:
    (tmp_path / "inner.py").unlink()
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "__init__.py").write_bytes(b"x = 1\n")
    on_disk = read_set(tmp_path, "PG3")
    assert choose(on_disk, good) == (on_disk, ())


def test_a_script_that_was_removed_stays_away(tmp_path: Path, good: LastGood) -> None:
    (tmp_path / "reduce_PG3_live_post_proc.py").unlink()
    (tmp_path / "inner.py").write_bytes(b"x = (\n")
    chosen, _ = choose(read_set(tmp_path, "PG3"), good)
    assert chosen == replace(good.scripts, post_proc=None)


def test_with_both_scripts_removed_nothing_runs(tmp_path: Path, good: LastGood) -> None:
    (tmp_path / "reduce_PG3_live_proc.py").unlink()
    (tmp_path / "reduce_PG3_live_post_proc.py").unlink()
    chosen, notes = choose(read_set(tmp_path, "PG3"), good)
    assert "no processing script" in chosen.problems[0]
    assert notes == ()


def test_a_new_script_that_cannot_be_used_is_not_used(tmp_path: Path) -> None:
    write(tmp_path, proc=GOOD)
    good = LastGood(scripts=read_set(tmp_path, "PG3"))
    write(tmp_path, post_proc=b"x = (\n")
    chosen, (note,) = choose(read_set(tmp_path, "PG3"), good)
    assert chosen == good.scripts
    assert note.instead == "it is not used"


def test_scripts_that_were_good_without_one_that_is_broken_now_are_no_choice(tmp_path: Path) -> None:
    """Of the last good set only post_proc is left, and that is gone."""
    write(tmp_path, post_proc=GOOD)
    good = LastGood(scripts=read_set(tmp_path, "PG3"))
    (tmp_path / "reduce_PG3_live_post_proc.py").unlink()
    write(tmp_path, proc=b"x = (\n")
    on_disk = read_set(tmp_path, "PG3")
    assert choose(on_disk, good) == (on_disk, ())
