"""The names that Mantid 6 has, module by module; the list and its sources are in `mantid_names.json`."""

import json
from functools import cache
from pathlib import Path

HELPERS = ("finddata", "postprocessing", "plot_publisher")
"""Modules of the facilities that scripts import; the builtin engine has its own where they are not installed."""


@cache
def _lists() -> dict[str, frozenset[str]]:
    text = Path(__file__).with_suffix(".json").read_text("utf-8")
    return {kind: frozenset(names) for kind, names in json.loads(text).items() if isinstance(names, list)}


def algorithms() -> frozenset[str]:
    """All algorithms of Mantid 6."""
    return _lists()["algorithms"]


def modules() -> frozenset[str]:
    """All modules of Mantid 6, with their dots."""
    return _lists()["modules"]


def names_in(module: str) -> frozenset[str] | None:
    """The names of a module of Mantid's; None if they are not listed, so that any name may be there."""
    lists = _lists()
    simpleapi = lists["algorithms"] | lists["simpleapi_extra"]
    listed = {
        "mantid": simpleapi | lists["kernel"] | lists["api"] | _submodules("mantid"),
        "mantid.simpleapi": simpleapi,
        **{f"mantid.{kind}": lists[kind] for kind in ("kernel", "api", "geometry", "dataobjects")},
    }
    found = listed.get(module)
    return None if found is None else found | _submodules(module)


def _submodules(module: str) -> frozenset[str]:
    start = f"{module}."
    return frozenset(name.removeprefix(start).partition(".")[0] for name in modules() if name.startswith(start))
