"""The pixi workspace in pyproject.toml agrees with the rest of it; to try pixi itself takes conda-forge."""

import re
import tomllib
from typing import Any

import pytest

from helpers.paths import ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PIXI: dict[str, Any] = PROJECT["tool"]["pixi"]


def test_it_has_what_pixi_asks_for() -> None:
    assert set(PIXI) == {"workspace", "dependencies", "pypi-dependencies", "environments", "tasks"}
    assert PIXI["workspace"] == {"channels": ["conda-forge"], "platforms": ["linux-64"]}
    assert PIXI["pypi-dependencies"] == {PROJECT["project"]["name"]: {"path": ".", "editable": True}}


def test_its_environment_is_made_of_the_extras_that_there_are() -> None:
    (environment,) = PIXI["environments"].values()
    assert set(environment["features"]) == {"builtin", "dev"} <= set(PROJECT["project"]["optional-dependencies"])


@pytest.mark.parametrize("name", ["python", "psutil", "pre-commit"])
def test_versions_are_those_of_the_project(name: str) -> None:
    extras = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["dev"]]
    wanted = {re.split(r"[<>=]", text)[0]: re.sub(r"^[\w-]+", "", text) for text in extras}
    wanted["python"] = PROJECT["project"]["requires-python"]
    assert PIXI["dependencies"][name].partition(",")[0] == wanted[name].partition(",")[0]


def test_its_tasks_do_what_make_does() -> None:
    makefile = (ROOT / "Makefile").read_text().replace("$(BIN)/", "")
    for task in PIXI["tasks"].values():
        for command in task.split(" && "):
            assert f"\t{command}" in makefile
