import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from livereduce.messages.conditions import ProblemNote
from livereduce.scripting import last_good as last_good_module
from livereduce.scripting.files import ScriptFile, md5_of
from livereduce.scripting.last_good import INDEX, find_last_good, remember
from livereduce.scripting.script_set import ScriptSet, choose, read_set
from livereduce.scripting.syntax import Parse, Syntax, parse

PROC, POST = "reduce_PG3_live_proc.py", "reduce_PG3_live_post_proc.py"


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / PROC).write_text("output = 1\n")
    (folder / POST).write_text("return\n")
    return folder


@pytest.fixture
def state(tmp_path: Path, scripts: Path) -> Path:
    """A state directory that remembers `scripts`."""
    remember(tmp_path / "state", read_set(scripts, "PG3"))
    return tmp_path / "state"


def now(folder: Path) -> ScriptSet:
    return read_set(folder, "PG3")


def whole(state: Path, parse: Parse = parse) -> ScriptSet | None:
    """What is remembered of the scripts beside the state directory."""
    good = find_last_good(state, state.parent / "scripts", "PG3", parse)
    return good.scripts if good else None


def last_good(state: Path, name: str, parse: Parse = parse) -> ScriptFile | None:
    scripts = whole(state, parse)
    return next((script for script in scripts.scripts if script.path.name == name), None) if scripts else None


def mend(scripts: ScriptSet, state: Path) -> tuple[ScriptSet, tuple[ProblemNote, ...]]:
    return choose(scripts, find_last_good(state, state.parent / "scripts", "PG3"))


def test_what_was_good_is_found_again(scripts: Path, state: Path) -> None:
    assert last_good(state, PROC) == now(scripts).proc
    assert last_good(state, POST) == now(scripts).post_proc
    assert last_good(state, "other.py") is None
    assert last_good(state.parent / "no state", PROC) is None


def test_scripts_that_can_be_used_are_left_alone(scripts: Path, state: Path) -> None:
    (scripts / PROC).write_text("output = 2\n")
    assert mend(now(scripts), state) == (now(scripts), ())


@pytest.mark.parametrize(
    ("text", "why"), [("x = 1\ny = (\n", f"{PROC}:2: '(' was never closed"), ("", f"{PROC}: the script is empty")]
)
def test_a_broken_script_is_replaced_and_named(scripts: Path, state: Path, text: str, why: str) -> None:
    (scripts / PROC).write_text(text)
    mended, (note,) = mend(now(scripts), state)
    assert mended.proc == last_good(state, PROC)
    assert mended.post_proc == now(scripts).post_proc
    since = json.loads((state / "good" / INDEX).read_text())["files"][0]["since"]
    md5 = md5_of(b"output = 1\n")
    assert note.problem == f"{scripts}/{why}" or note.problem.startswith(f"{scripts}/{why}:")
    assert note.instead == f"the last good version (md5 {md5}, in use since {since}) stays in use"


def test_a_script_that_was_never_good_stays_a_problem(scripts: Path, tmp_path: Path) -> None:
    (scripts / PROC).write_text("(")
    assert mend(now(scripts), tmp_path / "state") == (now(scripts), ())


def test_a_removed_script_stays_away_and_is_forgotten_with_the_next_start(scripts: Path, state: Path) -> None:
    (scripts / POST).unlink()
    mended, notes = mend(now(scripts), state)
    assert (mended.post_proc, notes) == (None, ())
    remember(state, mended)
    assert last_good(state, POST) is None
    assert last_good(state, PROC) == now(scripts).proc
    assert {path.name for path in (state / "good").iterdir()} == {INDEX, f"{md5_of(b'output = 1' + bytes([10]))}.py"}


def test_a_broken_script_is_not_remembered_and_its_predecessor_stays(scripts: Path, state: Path) -> None:
    before = last_good(state, PROC)
    (scripts / PROC).write_text("(")
    remember(state, now(scripts))
    assert last_good(state, PROC) == before


def test_mended_scripts_can_be_remembered(scripts: Path, state: Path) -> None:
    index = (state / "good" / INDEX).read_text()
    (scripts / PROC).write_text("(")
    remember(state, mend(now(scripts), state)[0])
    assert (state / "good" / INDEX).read_text() == index, "the same version, in use since the same time"


def test_nothing_is_written_for_the_same_scripts(scripts: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Path] = []
    monkeypatch.setattr(last_good_module, "_put", lambda path, text: written.append(path))
    remember(state, now(scripts))
    assert written == []
    (scripts / PROC).write_text("output = 2\n")
    remember(state, now(scripts))
    assert [path.name for path in written] == [f"{md5_of(b'output = 2' + bytes([10]))}.py", INDEX]


def test_a_new_version_takes_the_place_of_the_old(scripts: Path, state: Path) -> None:
    (scripts / PROC).write_text("output = 2\n")
    remember(state, now(scripts))
    (scripts / PROC).write_text("(")
    mended, _ = mend(now(scripts), state)
    assert mended.proc
    assert mended.proc.text == b"output = 2\n"
    assert len(list((state / "good").iterdir())) == 3


def test_a_damaged_copy_is_none_and_is_replaced(scripts: Path, state: Path) -> None:
    copy = state / "good" / f"{md5_of(b'return' + bytes([10]))}.py"
    copy.write_text("retur")
    assert last_good(state, POST) is None
    remember(state, now(scripts))
    assert last_good(state, POST) == now(scripts).post_proc


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"files": 1}', '{"files": [{"md5": "x"}]}', '{"a": {"b": "c"}}', "[" * 100_000]
)
def test_a_damaged_index_is_an_empty_one(scripts: Path, state: Path, text: str) -> None:
    (state / "good" / INDEX).write_text(text)
    assert last_good(state, PROC) is None
    remember(state, now(scripts))
    assert last_good(state, PROC) == now(scripts).proc


def test_a_version_that_no_longer_compiles_is_none(scripts: Path, state: Path) -> None:
    assert last_good(state, PROC, lambda *text: Syntax(problem="not in this version of Python")) is None


def test_scripts_of_another_directory_are_not_versions_of_these(scripts: Path, state: Path) -> None:
    other = scripts.rename(scripts.with_name("moved"))
    (other / PROC).write_text("(")
    assert find_last_good(state, other, "PG3") is None


def test_a_disk_that_is_full_leaves_what_was_there(scripts: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = last_good(state, PROC)
    (scripts / PROC).write_text("output = 2\n")
    found = now(scripts)

    def full(path: Path, text: bytes) -> int:
        path.touch()
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(last_good_module, "replace_file", full)
        with pytest.raises(OSError, match="No space"):
            remember(state, found)
    assert last_good(state, PROC) == before
    assert not [path for path in (state / "good").iterdir() if path.name.startswith(".")]


def refuse_to_read(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    real, real_open = Path.stat, os.open

    def stat(path: Path, *, follow_symlinks: bool = True) -> object:
        if path == folder or folder in path.parents:
            raise OSError(116, "Stale file handle")
        return real(path, follow_symlinks=follow_symlinks)

    def opened(path: Path, flags: int, mode: int = 0o777) -> int:
        if folder in Path(path).parents:
            raise OSError(116, "Stale file handle")
        return real_open(path, flags, mode)

    monkeypatch.setattr(Path, "stat", stat)
    monkeypatch.setattr(os, "open", opened)


def test_with_the_directory_out_of_reach_what_was_used_last_goes_on(
    scripts: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proc = now(scripts).proc
    (scripts / POST).unlink()
    remember(state, now(scripts))
    refuse_to_read(monkeypatch, scripts)
    found = now(scripts)
    assert found.directory_problem
    mended, notes = mend(found, state)
    assert (mended.proc, mended.post_proc, mended.directory_problem) == (proc, None, "")
    assert notes[0].problem == found.directory_problem
    assert "stays in use" in notes[1].instead


def test_with_the_directory_out_of_reach_and_nothing_remembered_that_is_the_problem(
    scripts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_to_read(monkeypatch, scripts)
    found = now(scripts)
    assert mend(found, tmp_path / "none") == (found, ())


def test_a_directory_that_is_gone_is_not_replaced(scripts: Path, state: Path) -> None:
    scripts.rename(scripts.with_name("moved"))
    found = now(scripts)
    assert found.directory_problem
    assert mend(found, state) == (found, ())


def test_a_directory_that_cannot_be_listed_stays_a_problem(scripts: Path, state: Path) -> None:
    (scripts / PROC).write_text("(")
    unlisted = replace(now(scripts), directory_problem="cannot be listed", problems=("cannot be listed",))
    assert mend(unlisted, state) == (unlisted, ())


# ---- modules


@pytest.fixture
def with_modules(scripts: Path, state: Path) -> Path:
    """The scripts' directory with a package and a module of proc, all remembered in `state`."""
    (scripts / PROC).write_text("import pack.inner, helper\n")
    (scripts / "pack").mkdir()
    (scripts / "pack" / "__init__.py").write_text("from . import inner\n")
    (scripts / "pack" / "inner.py").write_text("x = 1\n")
    (scripts / "helper.py").write_text("")
    remember(state, now(scripts))
    return scripts


def test_the_set_is_found_again_as_a_whole(with_modules: Path, state: Path) -> None:
    assert whole(state) == now(with_modules)
    assert len(now(with_modules).modules) == 3


def test_with_one_damaged_file_there_is_no_last_good_set(with_modules: Path, state: Path) -> None:
    (state / "good" / f"{md5_of(b'x = 1' + bytes([10]))}.py").write_text("x = 2\n")
    assert whole(state) is None


def test_a_set_with_a_module_that_no_longer_compiles_is_none(with_modules: Path, state: Path) -> None:
    def refuse(text: bytes, path: Path, package: tuple[str, ...] | None = None) -> Syntax:
        return Syntax(problem="not in this Python") if path.name == "inner.py" else parse(text, path, package)

    assert whole(state, refuse) is None


def test_a_broken_module_leaves_what_was_remembered(with_modules: Path, state: Path) -> None:
    before = whole(state)
    (with_modules / "pack" / "inner.py").write_text("x = (\n")
    chosen, (note,) = mend(now(with_modules), state)
    assert chosen == before
    assert "inner.py:1" in note.problem
    remember(state, chosen)
    assert whole(state) == before


def test_a_module_that_is_not_imported_any_more_is_forgotten(with_modules: Path, state: Path) -> None:
    (with_modules / PROC).write_text("import helper\n")
    remember(state, now(with_modules))
    names = {path.name for path in (state / "good").iterdir()}
    assert len(names) == 4, "the index, two scripts, one module"
    assert f"{md5_of(b'x = 1' + bytes([10]))}.py" not in names


def parameters(folder: Path, text: str) -> None:
    (folder / "parameters.json").write_text(text)


def test_parameters_are_remembered_with_the_scripts(scripts: Path, state: Path) -> None:
    parameters(scripts, '{"d_max": 2.5}')
    remember(state, now(scripts))
    found = whole(state)
    assert found is not None
    assert found.version == now(scripts).version
    assert found.parameters == now(scripts).parameters
    (scripts / "parameters.json").unlink()
    assert mend(now(scripts), state) == (now(scripts), ()), "removed, they are not in use any more"
    remember(state, now(scripts))
    assert not list((state / "good").glob("*.parameters.json"))


def test_with_broken_parameters_the_last_good_ones_go_on_and_the_note_says_what_is_wrong(
    scripts: Path, state: Path
) -> None:
    parameters(scripts, '{"d_max": 2.5}')
    remember(state, now(scripts))
    parameters(scripts, '{"d_max": }')
    (scripts / PROC).write_text("output = 2\n")
    mended, (note,) = mend(now(scripts), state)
    assert mended.parameters is not None
    assert mended.parameters.text == b'{"d_max": 2.5}'
    assert mended.proc is not None
    assert mended.proc.text == b"output = 1\n", "scripts and parameters are one set"
    assert note.problem == f'{scripts / "parameters.json"}: line 1, column 11: the value is missing: {{"d_max": }}'
    assert note.instead == "the last good version of the scripts stays in use"


def test_broken_parameters_that_were_never_good_are_a_problem(scripts: Path, tmp_path: Path) -> None:
    parameters(scripts, "[]")
    assert now(scripts).problems == (f"{scripts / 'parameters.json'}: expected an object of names and values, got []",)
    remember(tmp_path / "state", now(scripts))
    assert find_last_good(tmp_path / "state", scripts, "PG3") is None


def test_another_content_of_a_file_that_a_parameter_names_is_another_version(scripts: Path) -> None:
    parameters(scripts, '{"cal": "cal.h5"}')
    (scripts / "cal.h5").write_text("old")
    before = now(scripts)
    (scripts / "cal.h5").write_text("newer")
    assert now(scripts).version != before.version
    assert not before.problems
