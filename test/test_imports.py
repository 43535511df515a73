"""Imports run one way, and functions and files stay small. By the syntax tree: imports inside functions count too."""

import ast
import graphlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.paths import ROOT

SOURCE = ROOT / "src"
LONGEST_FUNCTION = 60
LONGEST_FILE = 400

LIGHT = {
    "",  # the package itself: its version, and what scripts may call
    *("check", "closure", "compiling", "config", "config_keys", "environment", "errors", "failure", "fields", "files"),
    *("instrument", "extras", "json_errors", "link", "lock", "logs", "marks", "metrics", "names", "parsing"),
    *(
        "publication",
        "resolve",
        "runs",
        "scripts",
        "services",
        "shown",
        "status",
        "status_text",
        "syntax",
        "unused",
        "visible",
    ),
}
"""What the daemon stands on: the standard library and psutil, so that it runs in any environment as it is."""

MAY_NOT_IMPORT = {
    "stream": {"engine", "worker", "daemon", "publish", "simulate"},
    "publish": {"engine", "stream", "worker", "daemon", "simulate"},
    "engine": {"worker", "daemon", "simulate"},
    "worker": {"daemon", "simulate"},
    "simulate": {"engine", "worker", "daemon", "publish"},
    "web": {"engine", "stream", "worker", "daemon", "simulate"},
    "kernel": {"engine", "stream", "worker", "daemon", "publish", "simulate"},
}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


FILES = {name_of(path): path for path in sorted(SOURCE.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(), str(path)) for name, path in FILES.items()}


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


def room(name: str) -> str:
    return name.partition(".")[2].partition(".")[0]


def test_the_tree_is_seen() -> None:
    assert "livereduce.daemon.policy" in FILES
    assert "livereduce.messages.link" in ours("livereduce.daemon.policy")
    assert not set(imported("livereduce.base.fields")) & set(FILES)


@pytest.mark.parametrize("name", [name for name in FILES if room(name) in LIGHT | {"daemon"}])
def test_the_daemon_stands_on_little(name: str) -> None:
    allowed = LIGHT | ({"daemon"} if room(name) == "daemon" else set())
    for module in imported(name):
        if module in FILES:
            assert room(module) in allowed, f"{name} imports {module}"
        else:
            top = module.partition(".")[0]
            assert top in sys.stdlib_module_names or top == "psutil", f"{name} imports {module}"


def test_the_mantid_engine_stands_on_what_every_environment_with_mantid_has() -> None:
    """Nothing has to be installed there; the builtin engine's packages are asked for by the worker only by name."""
    reached, left = set(), ["livereduce.worker.main", *(name for name in FILES if ".engine.mantid" in name)]
    while left:
        name = left.pop()
        reached.add(name)
        for module in imported(name):
            if module in FILES:
                if module not in reached and not module.startswith("livereduce.engine.builtin"):
                    left.append(module)
            else:
                top = module.partition(".")[0]
                assert top in sys.stdlib_module_names or top in ("mantid", "numpy", "h5py"), f"{name} imports {module}"
    assert "livereduce.publish.products.file" in reached


@pytest.mark.parametrize("name", FILES)
def test_imports_run_one_way(name: str) -> None:
    forbidden = MAY_NOT_IMPORT.get(room(name), set()) | {"cli"}
    if name == "livereduce.__main__":
        forbidden = set()
    wrong = [module for module in ours(name) if room(module) in forbidden]
    assert not wrong, f"{name} imports {', '.join(wrong)}"


def test_no_imports_in_circles() -> None:
    graphlib.TopologicalSorter({name: ours(name) - {name} for name in FILES}).prepare()


@pytest.mark.parametrize("name", FILES)
def test_files_and_functions_are_small(name: str) -> None:
    lines = FILES[name].read_text().count("\n")
    assert lines <= LONGEST_FILE, f"{FILES[name]} has {lines} lines"
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{FILES[name]}:{node.lineno}: {node.name} has {length} lines"
