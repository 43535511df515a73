"""Imports run one way, floor by floor, and functions and files stay small. Read from the folders and syntax trees.

Imports inside functions count too, since they are arrows like any other.
"""

import ast
import graphlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.paths import ROOT

SOURCE = ROOT / "src"
PACKAGE = SOURCE / "livereduce"
LONGEST_FUNCTION = 60
LONGEST_FILE = 400

FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"base"}),
    frozenset({"messages", "catalog", "client"}),
    frozenset({"child"}),
    frozenset({"config", "scripting", "stream"}),
    frozenset({"environment", "publish", "simulate"}),
    frozenset({"preflight", "engine"}),
    frozenset({"worker", "receiver", "recorder", "viewer", "seen"}),
    frozenset({"daemon", "web", "notify", "pvs"}),
    frozenset({"workbench"}),
    frozenset({"commands"}),
    frozenset({"cli"}),
    frozenset({"__main__"}),
)
"""From the ground up; a room imports rooms below its floor only. `__init__` (the version, `metric`) is on none."""
APART = {
    "daemon": {"engine", "worker", "receiver", "recorder", "viewer", "stream"},
    "notify": {"engine", "worker", "receiver", "recorder", "viewer", "stream", "simulate"},
    "pvs": {"engine", "worker", "receiver", "recorder", "viewer", "stream", "simulate"},
    "seen": {"engine", "viewer", "stream", "simulate"},
    "web": {"engine", "worker", "receiver", "recorder", "viewer", "stream", "simulate"},
}
"""Rooms that could be imported by their floor, and must not be."""
FOR_NOTEBOOKS = ("livereduce.client.instrument", "Instrument")
"""`from livereduce.client import Instrument` is what users write; none of our own modules imports it."""


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


FILES = {name_of(path): path for path in sorted(SOURCE.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(), str(path)) for name, path in FILES.items()}
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def imported(name: str) -> Iterator[str]:
    """Modules that a module imports, wherever the statement stands; our own as the file that is meant."""
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno}: imports are absolute here"
            base = node.module or ""
            for alias in node.names:
                yield f"{base}.{alias.name}" if f"{base}.{alias.name}" in FILES else base


def ours(name: str) -> set[str]:
    return {module for module in imported(name) if module in FILES}


def reached(start: list[str]) -> set[str]:
    """All of our modules that are imported, directly or by another, with these."""
    found: set[str] = set()
    left = list(start)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += ours(name)
    return found


def room(name: str) -> str:
    """The folder, or the loose file, at the top of the package; empty for the package itself."""
    return name.partition(".")[2].partition(".")[0]


def in_rooms(*rooms: str) -> list[str]:
    return [name for name in FILES if room(name) in rooms]


def foreign(name: str) -> set[str]:
    """Top names of the modules that a module imports and that are neither ours nor of the standard library."""
    tops = {module.partition(".")[0] for module in imported(name) if module not in FILES}
    return tops - sys.stdlib_module_names - {"livereduce"}


def test_the_tree_is_seen() -> None:
    assert "livereduce.daemon.policy" in FILES
    assert "livereduce.daemon.facts" in ours("livereduce.daemon.policy")


def test_the_top_of_the_package_holds_the_way_in_only() -> None:
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py", "cli.py"}


def test_every_room_stands_on_a_floor() -> None:
    folders = {path.parent.relative_to(PACKAGE).parts[0] for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE}
    assert folders | {"cli", "__main__"} == set(FLOOR_OF)


@pytest.mark.parametrize("name", [name for name in FILES if room(name)])
def test_no_arrow_runs_up_a_floor_or_along_one(name: str) -> None:
    for module in ours(name):
        if room(module) not in ("", room(name)):
            assert FLOOR_OF[room(module)] < FLOOR_OF[room(name)], f"{name} imports {module}"
            assert room(module) not in APART.get(room(name), ()), f"{name} imports {module}"


def test_no_imports_in_circles() -> None:
    graphlib.TopologicalSorter({name: ours(name) - {name} for name in FILES}).prepare()


@pytest.mark.parametrize("name", sorted(reached(in_rooms("daemon"))))
def test_the_daemon_stands_on_the_standard_library_and_psutil(name: str) -> None:
    """It runs in any environment as it is."""
    assert foreign(name) <= {"psutil"}, f"the daemon imports {name}"


@pytest.mark.parametrize("name", sorted(reached(in_rooms("notify"))))
def test_notifications_stand_on_the_standard_library_and_psutil(name: str) -> None:
    """The system's python runs them; the heartbeat alone needs stomp.py."""
    needed = {"psutil", "stomp"} if name.startswith("livereduce.notify.heartbeat.") else {"psutil"}
    assert foreign(name) <= needed, f"notify imports {name}"


@pytest.mark.parametrize("name", sorted(reached(["livereduce.commands.launch"])))
def test_the_launcher_stands_on_the_standard_library(name: str) -> None:
    """It runs in the system's python, and says what is missing there."""
    assert not foreign(name), f"the launcher imports {name}"


def test_the_mantid_engine_stands_on_what_every_environment_with_mantid_has() -> None:
    """Nothing has to be installed there; the worker asks for the builtin engine only when a job wants it."""
    entry = [name for name in FILES if f"{name}.".startswith("livereduce.engine.mantid.")] + ["livereduce.worker.main"]
    seen = _reached_without(entry, "livereduce.engine.builtin")
    assert "livereduce.publish.products.file" in seen
    for name in seen:
        assert foreign(name) <= {"mantid", "numpy", "h5py", "psutil"}, name


def _reached_without(start: list[str], left_out: str) -> set[str]:
    found: set[str] = set()
    left = list(start)
    while left:
        name = left.pop()
        if name not in found and not name.startswith(left_out):
            found.add(name)
            left += ours(name)
    return found


@pytest.mark.parametrize("name", FILES)
def test_files_and_functions_are_small(name: str) -> None:
    lines = FILES[name].read_text().count("\n")
    assert lines <= LONGEST_FILE, f"{FILES[name]} has {lines} lines"
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{FILES[name]}:{node.lineno}: {node.name} has {length} lines"


def test_every_room_says_what_lives_in_it() -> None:
    for path in PACKAGE.rglob("__init__.py"):
        if path.parent == PACKAGE:
            continue
        lines = (ast.get_docstring(ast.parse(path.read_text())) or "").splitlines()
        assert 3 <= len(lines) <= 8, f"{path}: what lives there, what may be imported, which file to read first"
        assert any(line.startswith("Read `") or "is the way in" in line for line in lines), path


@pytest.mark.parametrize("name", FILES)
def test_the_headings_of_docstrings_stand_alone(name: str) -> None:
    """A tool that reflows text must not run the sections of a numpy docstring together."""
    for number, line in enumerate(FILES[name].read_text().splitlines(), 1):
        words = line.split()
        assert not (len(words) > 1 and any(set(word) == {"-"} and len(word) > 5 for word in words)), f"{name}:{number}"


def test_a_class_has_its_name_alone() -> None:
    seen: dict[str, str] = {}
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and (name, node.name) != FOR_NOTEBOOKS:
                assert node.name not in seen, f"{node.name} is in {name} and in {seen[node.name]}"
                seen[node.name] = name


@pytest.mark.parametrize("name", FILES)
def test_no_function_returns_a_value_or_a_text(name: str) -> None:
    """A failure has a type of its own: a value that happens to be a text must not be taken for one."""
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and isinstance(node.returns, ast.BinOp):
            parts = set(ast.unparse(node.returns).split(" | "))
            may_be_a_text = "str" in parts and not parts <= {"str", "bytes", "int", "float", "None"}
            assert not may_be_a_text, f"{FILES[name]}:{node.lineno}: {node.name}"
