"""The names that Mantid 6 has, module by module; the list, its version and its sources are in `mantid_names.json`."""

import json
from functools import cache
from pathlib import Path
from typing import Any

SIMPLEAPI = "mantid.simpleapi"
HELPERS = ("finddata", "postprocessing", "plot_publisher")
"""Modules of the facilities that scripts import; the builtin engine has its own where they are not installed."""


@cache
def _read() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
    return read


def version() -> str:
    """The version of Mantid whose names these are."""
    return str(_read()["mantid"])


@cache
def algorithms() -> frozenset[str]:
    """All algorithms of Mantid 6."""
    return frozenset(_read()["algorithms"])


@cache
def modules() -> frozenset[str]:
    """All modules of Mantid 6, with their dots."""
    return frozenset(_read()["modules"])


@cache
def names_in(module: str) -> frozenset[str] | None:
    """The names of a module of Mantid's; None if they are not listed, so that any name may be there."""
    listed = frozenset(_read()["modules"].get(module, ()))
    if module == SIMPLEAPI:
        listed |= algorithms()
    return listed | _submodules(module) if listed else None


def _submodules(module: str) -> frozenset[str]:
    start = f"{module}."
    return frozenset(name.removeprefix(start).partition(".")[0] for name in modules() if name.startswith(start))
