"""All declared algorithms by name; a file of `families/` lists its own in `ALGORITHMS`."""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from livereduce.catalog import families
from livereduce.catalog.declaration import Algorithm


def of_families() -> tuple[Algorithm, ...]:
    """All declarations, file by file."""
    found = pkgutil.walk_packages(families.__path__, f"{families.__name__}.")
    modules = [import_module(name) for name in sorted(one.name for one in found if not one.ispkg)]
    return tuple(one for module in modules for one in module.ALGORITHMS)


@cache
def declared() -> Mapping[str, Algorithm]:
    """The algorithms that the builtin engine has, by Mantid's name."""
    return MappingProxyType({one.name: one for one in of_families()})
