"""Places that do not answer: which are looked at, and by whom."""

import json
import os
from pathlib import Path

import pytest

from livereduce.config.file import Config
from livereduce.preflight import answering
from livereduce.preflight.answering import does_not_answer, silent, what_answers
from livereduce.preflight.host import Host

LONG_S = 50.0


@pytest.fixture
def dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is below a folder `dead` does not answer: of those that look, nobody's time is up but theirs."""
    monkeypatch.setattr(answering, "silent", lambda paths, _: frozenset(one for one in paths if is_dead(one)))


def is_dead(path: Path) -> bool:
    return "dead" in path.parts or (path.is_symlink() and "dead" in path.readlink().parts)


def asked(folder: Path, **settings: object) -> tuple[frozenset[str], tuple[str, ...], tuple[str, ...]]:
    config = Config(instrument="PG3", script_dir=folder / "scripts", **settings)  # type: ignore[arg-type]
    found = what_answers(config, Host(environ={}, cwd=folder), LONG_S)
    return found.bad_keys, found.problems, found.warnings


@pytest.mark.usefixtures("dead")
@pytest.mark.parametrize("key", ["conda_env", "pixi_env"])
def test_the_python_of_the_environment_is_a_place(tmp_path: Path, key: str) -> None:
    name = key.upper()
    said = (f'"{name}" /dead/bin/python: {does_not_answer(LONG_S)}',)
    assert asked(tmp_path, **{key: "/dead/bin/python"}) == (frozenset({name}), said, ())
    assert asked(tmp_path, **{key: "dead"}) == (frozenset(), (), ()), "the name of an environment is none"


@pytest.mark.usefixtures("dead")
def test_scripts_that_lead_to_a_dead_place_are_not_read(tmp_path: Path) -> None:
    scripts, new = tmp_path / "scripts", tmp_path / "new"
    for folder in (scripts, new):
        folder.mkdir()
    assert asked(tmp_path, shadow_dir=new) == (frozenset(), (), ())
    values = [{"runs": "-9", "value": "cal/old.h5"}, {"runs": "10-", "value": "/dead/cal.h5"}]
    (scripts / "parameters.json").write_text(json.dumps({"d_max": 2.5, "calibration": values}))
    (new / "helper.py").symlink_to("/dead/helper.py")
    bad_keys, (problem,), (warning,) = asked(tmp_path, shadow_dir=new)
    assert bad_keys == {"script_dir"}
    assert problem == f'"script_dir" {scripts}: its parameters.json names /dead/cal.h5: {does_not_answer(LONG_S)}'
    assert warning.startswith(f'"shadow_dir" {new}: the link helper.py in it: {does_not_answer(LONG_S)}; while that is')
    (scripts / "parameters.json").unlink()
    (scripts / "parameters.json").symlink_to("/dead/parameters.json")  # never opened
    _, (problem,), _ = asked(tmp_path)
    assert problem.startswith(f'"script_dir" {scripts}: the link parameters.json in it: ')


def test_who_looks_holds_nothing_of_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may stay behind for ever, and whoever reads the command's output through a pipe waits for it."""

    def look(path: Path) -> None:
        held = [one for one in list(Path("/proc/self/fd").iterdir()) if one.is_symlink()]
        path.write_text(json.dumps({one.name: str(one.readlink()) for one in held}))

    monkeypatch.setattr(answering, "_look", look)
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    try:
        assert silent([tmp_path / "held"], LONG_S) == frozenset()
    finally:
        os.close(reading)
        os.close(writing)
    assert json.loads((tmp_path / "held").read_text()) == dict.fromkeys("012", os.devnull)
