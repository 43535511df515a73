"""What the builtin engine has beside the algorithms: methods by class, and names by module of Mantid's.

The lists are in `present.json`, which ``make docs`` generates from the engine: `check` knows them without it.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

Lists = Mapping[str, tuple[str, ...]]
PATH = Path(__file__).with_suffix(".json")


@cache
def _read() -> dict[str, Lists]:
    body = json.loads(PATH.read_text("utf-8"))
    return {kind: MappingProxyType({key: tuple(names) for key, names in body[kind].items()}) for kind in body}


def methods_by_class() -> Lists:
    """Methods and attributes of the objects that scripts hold, by class."""
    return _read()["methods"]


@cache
def methods() -> frozenset[str]:
    """Names that any of these classes has."""
    return frozenset(name for names in methods_by_class().values() for name in names)


def names_by_module() -> Lists:
    """Names of Mantid's that are there, by module; algorithms are not among them."""
    return _read()["names"]


@cache
def names() -> frozenset[str]:
    """Names that are there in any of the modules."""
    return frozenset(name for names in names_by_module().values() for name in names)
