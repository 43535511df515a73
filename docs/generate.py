"""Generate what the docs and `check` say of Mantid's interface: ``make docs``.

`docs/mantid_api.md` and `src/livereduce/catalog/present.json` are made of the declarations of algorithms and of the
classes of the builtin engine, so that adding one needs no other text. A test compares both with what is made here.
"""

import ast
import dataclasses
import importlib
import inspect
import json
import pkgutil
import sys
import textwrap
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from livereduce.catalog import present
from livereduce.catalog.declaration import REQUIRED, Algorithm, Argument, ArgumentKind
from livereduce.catalog.declared import declared
from livereduce.catalog.mantid_names import algorithms, modules, names_in
from livereduce.engine.mantid_api.hook import install
from livereduce.engine.mantid_api.modules.provided import provided

PAGE = Path(__file__).with_name("mantid_api.md")
ROOMS = (
    "livereduce.engine.mantid_api.objects",
    "livereduce.engine.mantid_api.modules",
    "livereduce.engine.workspaces",
    "livereduce.engine.values",
)
"""Where the classes of what scripts hold are."""
VALUES = "livereduce.engine.values"
LISTED = ("api", "kernel", "geometry", "dataobjects")
KNOWN = frozenset().union(*(names_in(f"mantid.{module}") or () for module in LISTED))
SAID = {
    "RunLogs": "Run",
    "InstrumentView": "Instrument",
    "SampleInBeam": "Sample",
    "WorkspaceStore": "AnalysisDataServiceImpl",
}
"""Mantid's names of classes that are called otherwise here."""

HEAD = """\
# What the builtin engine has of Mantid

This page is generated from the engine (`make docs`); a test compares the two. How to write a script with it:
[scripts for both engines](both_engines.md). How to add what is missing: [adding an algorithm](adding_algorithms.md).
Everything else of Mantid's interface can be imported, and says what to do when it is used; `livereduce check` says so
before.

"""


def classes() -> Iterator[type[Any]]:
    """The classes of what scripts hold."""
    for room in ROOMS:
        package = importlib.import_module(room)
        below = pkgutil.walk_packages(getattr(package, "__path__", ()), f"{room}.")
        for name in (room, *(one.name for one in below)):
            for found in vars(importlib.import_module(name)).values():
                if inspect.isclass(found) and found.__module__ == name and not found.__name__.startswith("_"):
                    yield found


def members(kind: type[Any]) -> list[str]:
    """Public methods and attributes of a class, also those that its methods assign to ``self``.

    Of Python's own bases only those that are the same in all versions of Python.
    """
    if issubclass(kind, Enum):
        return sorted(kind.__members__)
    ours = [one for one in kind.__mro__ if one.__module__.startswith("livereduce.")]
    bases = [one for one in kind.__mro__ if one in (dict, list) or one.__module__ == "collections.abc"]
    found = {name for one in (*ours, *bases) for name in vars(one)}
    found |= {one.name for one in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else set()
    for one in ours:
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(one)))
        except OSError:  # made by a function, such as a named tuple
            continue
        found |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_assigned(node)}
    return sorted(name for name in found if not name.startswith("_"))


def _is_assigned(node: ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name) and node.value.id == "self"


def names_there() -> dict[str, list[str]]:
    """Names of Mantid's modules, without algorithms, that the engine has."""
    found = {}
    for module in sorted(modules()):
        known = set(names_in(module) or ()) - algorithms() - set(declared())
        there = sorted(name for name in known if not name.startswith("_") and provided(name) is not None)
        if there:
            found[module] = there
    return found


def present_text() -> str:
    """The text of `present.json`."""
    methods = {one.__name__: members(one) for one in sorted(classes(), key=lambda one: one.__name__)}
    return json.dumps({"methods": methods, "names": names_there()}, indent=1) + "\n"


def page_text() -> str:
    """The text of `mantid_api.md`."""
    parts = [HEAD, f"## Algorithms\n\n{len(declared())} of Mantid's algorithms, with its arguments in its order.\n\n"]
    families = sorted({one.family for one in declared().values()})
    for family in families:
        room, _, name = family.partition(".")
        parts.append(f"### {room.capitalize()}: {name.replace('_', ' ')}\n\n")
        parts += [_algorithm(one) for one in sorted(declared().values(), key=_by_name) if one.family == family]
    parts.append("## Objects\n\nMethods and attributes, by Mantid's name of the class.\n\n")
    parts += [f"- **{name}**: {_listed(found)}\n" for name, found in sorted(_shown_classes().items())]
    parts.append("\n## Names\n\nBeside the algorithms, in the modules of Mantid.\n\n")
    there = names_there()
    parts += [f"- `{module}`: {_listed(there[module])}\n" for module in there if "._" not in module]
    return "".join(parts)


def _shown_classes() -> dict[str, list[str]]:
    """Members by Mantid's name of the class, for those that are not only there to be asked for with `isinstance`."""
    there = {name for names in names_there().values() for name in names}
    named = {id(provided(name)): name for name in sorted(there, reverse=True)}
    shown: dict[str, list[str]] = {}
    for kind in classes():
        found = [name for name in members(kind) if "_" not in name or kind.__module__.startswith(VALUES)]
        name = named.get(id(kind), SAID.get(kind.__name__, kind.__name__))
        if any(one != one.lower() for one in found) and (id(kind) in named or name in KNOWN):
            shown[name] = sorted({*found, *shown.get(name, ())})
    return shown


def _by_name(algorithm: Algorithm) -> str:
    return algorithm.name


def _algorithm(algorithm: Algorithm) -> str:
    arguments = ", ".join(_argument(one) for one in algorithm.arguments if one.kind is not ArgumentKind.RESULT)
    returned = [one.name for one in algorithm.arguments if one.kind is ArgumentKind.RESULT]
    lines = [f"#### {algorithm.name}", "", f"{algorithm.summary.rstrip('.')}.", "", f"({arguments})"]
    if returned:
        lines += ["", f"Returns behind the workspaces: {_listed(returned)}"]
    if algorithm.differs:
        lines += ["", f"Not as in Mantid: {algorithm.differs.rstrip('.')}."]
    return "\n".join(lines) + "\n\n"


def _argument(argument: Argument) -> str:
    name = f"`{argument.name}`"
    if argument.default is not REQUIRED and argument.default not in (None, "", ()):
        name = f"`{argument.name}={argument.default!r}`"
    return f"{name} (no effect)" if argument.ignored else name


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def main(arguments: list[str]) -> int:
    """Write both files, or with ``--check`` say which of them are not as they would be written."""
    install()
    made = {present.PATH: present_text(), PAGE: page_text()}
    old = [path.name for path, text in made.items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in arguments:
        print("\n".join(f"{name} is not what the engine has now; run: make docs" for name in old))
        return 1 if old else 0
    for path, text in made.items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
