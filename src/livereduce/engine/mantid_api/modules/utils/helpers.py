"""Small functions of ``mantid.utils`` and ``mantid.kernel``."""

import importlib.util
import io
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from livereduce.engine.mantid_api.calling.assigned import assigned_names
from livereduce.engine.mantid_api.modules.api.file_finder import FileFinder
from livereduce.engine.mantid_api.modules.kernel.logger import NAME


def is_required_version(required_version: str, version: str) -> bool:
    """True if a version is not older than another: ``is_required_version("3.8", "3.10")``."""
    pairs = zip(required_version.split("."), version.split("."), strict=False)
    return next((int(b) > int(a) for a, b in pairs if int(a) != int(b)), True)


def package_installed(package_name: str, show_warning: bool = False) -> bool:  # noqa: ARG001
    """True if a Python package can be imported."""
    return importlib.util.find_spec(package_name) is not None


def run_exists(run_number: str | int, instrument: str | None = None, oncat: bool = True) -> bool:  # noqa: ARG001
    """True if the file of a run is found."""
    name = f"{instrument}_{run_number}" if instrument else str(run_number)
    try:
        return all(Path(path).exists() for path in FileFinder.findRuns(name))
    except RuntimeError:
        return False


@contextmanager
def capture_logs(level: str | None = None) -> Iterator[io.StringIO]:  # noqa: ARG001
    """Keep what scripts log within a ``with`` block."""
    kept = io.StringIO()
    handler = logging.StreamHandler(kept)
    logging.getLogger(NAME).addHandler(handler)
    try:
        yield kept
    finally:
        logging.getLogger(NAME).removeHandler(handler)


def log_to_python(level: str = "information") -> None:
    """Nothing: what scripts log is in Python's log anyway."""


def lhs_info(output_type: str = "both", frame: FrameType | None = None) -> Any:
    """The names to which the caller of the caller assigns its value, and their number."""
    names = assigned_names(frame or sys._getframe(2))
    if output_type == "names":
        return names
    return len(names) if output_type == "nreturns" else (len(names), names)


def deprecated_algorithm(new_name: str, deprecation_date: str) -> Callable[[Any], Any]:  # noqa: ARG001
    """A decorator of classes that changes nothing."""
    return lambda cls: cls


def deprecated_alias(deprecation_date: str) -> Callable[[Any], Any]:  # noqa: ARG001
    """A decorator of classes that changes nothing."""
    return lambda cls: cls
