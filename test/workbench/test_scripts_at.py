"""Which scripts are tried: those of a folder, or files from anywhere."""

from pathlib import Path

import pytest

from livereduce.base.errors import OperatorError
from livereduce.scripting.syntax import parse
from livereduce.workbench.attempts.limits import limits_of
from livereduce.workbench.scripts_at import read_scripts, scripts_at


def test_a_file_takes_the_place_of_a_script_and_its_folder_has_the_modules(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
        (folder / "reduce_PG3_live_post_proc.py").write_text(f"# of {folder.name}\nimport helper\n")
        (folder / "helper.py").write_text(f"# of {folder.name}\n")
    mine = there / "mine.py"
    mine.write_text("import helper\n")
    place = scripts_at(here, "PG3", "builtin", proc=mine)
    found = read_scripts(place, parse)
    assert found.proc is not None
    assert found.post_proc is not None
    assert (found.proc.path, found.post_proc.path) == (mine, here / "reduce_PG3_live_post_proc.py")
    assert [module.path for module in found.modules] == [there / "helper.py"]
    assert not found.problems
    assert scripts_at(here, "PG3", "builtin").script_dir == here


def test_a_file_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"none\.py: there is no such file"):
        scripts_at(tmp_path, "PG3", "builtin", post_proc=tmp_path / "none.py")


def test_memory_is_limited_by_the_configuration_and_by_what_is_free() -> None:
    gb = 10**9
    assert limits_of(50, ram_bytes=10 * gb, cgroup_bytes=None, free_bytes=9 * gb).all_bytes == 5 * gb
    assert limits_of(50, ram_bytes=10 * gb, cgroup_bytes=None, free_bytes=5 * gb).all_bytes == 4 * gb
    assert limits_of(0, ram_bytes=10 * gb, cgroup_bytes=None, free_bytes=5 * gb).all_bytes == 4 * gb
    assert limits_of(50, ram_bytes=10 * gb, cgroup_bytes=None, free_bytes=9 * gb).held_bytes == 10 * gb // 3
