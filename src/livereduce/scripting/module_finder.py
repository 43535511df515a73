"""Import the modules of the scripts from the bytes that the daemon has checked, not from files that may have changed.

Each checked module is found at its own place on ``sys.path``: the order of the path is Python's, and ``__file__`` and
tracebacks have the user's path, so that data files beside a module are found. Modules unknown to the daemon (compiled
extensions, names that a script computes) are imported from the directory itself.
"""

import importlib.util
import os
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
    SourcelessFileLoader,
)
from pathlib import Path
from types import CodeType, ModuleType

from livereduce.messages.job import ModuleCopy
from livereduce.scripting.compiling import show_in_tracebacks
from livereduce.scripting.files import read_copy


def let_scripts_import(script_dir: str, modules: Iterable[ModuleCopy], missing: Iterable[str]) -> None:
    """Put the scripts' directory at the end of the path, with the checked modules in the place of its files.

    At the end: a file there called `random.py` or `livereduce.py` does not take the place of the library's or ours. A
    script that wants its own version of a module first can change `sys.path`.

    Parameters
    ----------
    missing
        Files that did not exist when the modules were checked: such a file is not imported if it appears.

    Raises
    ------
    OperatorError
        A copy cannot be read, or is not what the daemon checked.
    """
    directories = _directories(script_dir, [(copy, read_copy(copy)) for copy in modules], missing)

    def finder_of(path: str) -> _DirectoryFinder:
        directory = directories.get(os.path.realpath(path))
        if directory is None:
            raise ImportError(f"{path} holds no modules of the scripts")
        return _DirectoryFinder(path, directory)

    sys.path_hooks.insert(0, finder_of)
    for path in list(sys.path_importer_cache):
        if os.path.realpath(path) in directories:
            del sys.path_importer_cache[path]
    if script_dir not in sys.path:
        sys.path.append(script_dir)


@dataclass(slots=True)
class _Directory:
    """Contents of a directory: modules by the last part of their name, and packages without ``__init__.py``."""

    modules: dict[str, tuple[ModuleCopy, bytes]] = field(default_factory=dict)
    namespaces: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)


def _directories(
    script_dir: str, modules: Iterable[tuple[ModuleCopy, bytes]], missing: Iterable[str]
) -> dict[str, _Directory]:
    """The directories with modules, by their real paths."""
    found: defaultdict[str, _Directory] = defaultdict(_Directory)
    found[os.path.realpath(script_dir)]
    for copy, text in modules:
        path = Path(copy.path)
        place = path.parent if copy.is_package else path.with_suffix("")
        found[os.path.realpath(place.parent)].modules[place.name] = (copy, text)
        for parent in place.parents:
            if not parent.is_relative_to(script_dir) or parent == Path(script_dir):
                break
            found[os.path.realpath(parent.parent)].namespaces.add(parent.name)
    for name in missing:
        path = Path(name)
        place = path.parent if path.name == "__init__.py" else path
        found[os.path.realpath(place.parent)].missing.add(str(path.relative_to(place.parent)))
    return dict(found)


class _DirectoryFinder:
    """Finds modules in one directory of ``sys.path`` or of a package (a path entry finder of Python's)."""

    def __init__(self, path: str, directory: _Directory) -> None:
        self._path, self._directory = path, directory
        self._disk = FileFinder(
            path,
            (ExtensionFileLoader, EXTENSION_SUFFIXES),
            (SourceFileLoader, SOURCE_SUFFIXES),
            (SourcelessFileLoader, BYTECODE_SUFFIXES),
        )

    def find_spec(self, fullname: str, target: ModuleType | None = None) -> ModuleSpec | None:
        """The checked module; otherwise the file in the directory, unless it has appeared since the check."""
        tail = fullname.rpartition(".")[2]
        if tail in self._directory.modules:
            copy, text = self._directory.modules[tail]
            return importlib.util.spec_from_file_location(
                fullname,
                copy.path,
                loader=_CheckedLoader(fullname, copy.path, text),
                submodule_search_locations=[str(Path(copy.path).parent)] if copy.is_package else None,
            )
        spec = self._disk.find_spec(fullname, target)
        if spec is not None and not self._has_appeared(spec):
            return spec
        folder = Path(self._path, tail)
        if tail not in self._directory.namespaces and not folder.is_dir():
            return None
        portion = ModuleSpec(fullname, None)
        portion.submodule_search_locations = [str(folder)]
        return portion

    def _has_appeared(self, spec: ModuleSpec) -> bool:
        return spec.has_location and os.path.relpath(spec.origin or "", self._path) in self._directory.missing

    def invalidate_caches(self) -> None:
        """Read the directory again."""
        self._disk.invalidate_caches()


class _CheckedLoader(SourceFileLoader):
    """Loads a module from bytes under the path of the user's file; no cache file is written."""

    def __init__(self, fullname: str, path: str, text: bytes) -> None:
        super().__init__(fullname, path)
        self._text = text

    def get_data(self, path: str) -> bytes:
        return self._text if path == self.path else super().get_data(path)

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 (Python's signature)
        code: CodeType = self.source_to_code(self._text, self.path)
        show_in_tracebacks(self.path, self._text)
        return code
