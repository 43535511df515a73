"""Patterns of files that have been reduced before, as processed files whose names say of what they are made."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from livereduce.base.files import replacing
from livereduce.engine.mantid_api.files.processed_read import read_processed
from livereduce.engine.mantid_api.files.processed_write import new_entry, write_matrix
from livereduce.engine.mantid_api.objects.table import TableWorkspace
from livereduce.engine.matrix.matrix import Matrix

logger = logging.getLogger("livereduce.engine")


def cache_name(path: Path, settings: Mapping[str, Any]) -> str:
    """The name of the processed file for an event file (as it is now) and the arguments of its reduction."""
    state = path.stat()
    parts = [f"{path.resolve()} {state.st_size} {state.st_mtime_ns}"]
    parts += [f"{name}={_told(settings[name])}" for name in sorted(settings)]
    digest = hashlib.sha1("\n".join(parts).encode(), usedforsecurity=False).hexdigest()
    return f"{path.name.split('.')[0]}_{digest}.nxs"


def _told(value: Any) -> str:
    """A value as text that changes whenever the value does: a workspace by what it holds, a file by its time."""
    matrix = value if isinstance(value, Matrix) else getattr(value, "matrix", None)
    if isinstance(matrix, Matrix):
        columns = (matrix.histograms.y, matrix.spectra.ids, matrix.spectra.first)
        return hashlib.sha1(b"".join(np.ascontiguousarray(one).tobytes() for one in columns)).hexdigest()
    if isinstance(value, TableWorkspace):
        return repr(value.toDict())
    if isinstance(value, str) and value and Path(value).is_file():
        return f"{value} {Path(value).stat().st_mtime_ns}"
    return repr(value)


def cached_pattern(folders: Sequence[Path], name: str) -> Matrix | None:
    """The pattern in a processed file of this name; None if there is none that can be read."""
    for path in (folder / name for folder in folders):
        if not path.is_file():
            continue
        try:
            made = read_processed(path)[0].made
        except (ValueError, OSError, KeyError) as error:
            logger.warning("AlignAndFocusPowderFromFiles: %s cannot be read, so the file is reduced: %s", path, error)
            continue
        if isinstance(made, Matrix):
            logger.info("AlignAndFocusPowderFromFiles: the pattern is read from %s", path)
            return made
    return None


def keep_pattern(folders: Sequence[Path], name: str, pattern: Matrix) -> None:
    """Write a pattern into the first folder that can be written; a warning if none can."""
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with replacing(folder / name) as fresh, h5py.File(fresh, "x") as file:
                write_matrix(new_entry(file, "pattern", pattern.title), pattern)
        except (OSError, ValueError) as error:
            logger.warning("AlignAndFocusPowderFromFiles: the pattern is not kept in %s: %s", folder, error)
            continue
        return
