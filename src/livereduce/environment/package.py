"""Find this package, and make it importable for another Python without anything beside it."""

import os
import sys
from pathlib import Path

import livereduce
from livereduce.base.files import unfinished_path


def folder_for(interpreter: str, private_dir: Path) -> Path | None:
    """A folder with only this package, for the path of `interpreter`; None if it needs none.

    Another interpreter must not get a whole site-packages: its own numpy, or Mantid, would be hidden by one that was
    made for another Python. If the package is in one, a folder with a link to it is made in `private_dir`.

    Raises
    ------
    OSError
        The folder has to be made, and cannot be.
    """
    package = Path(livereduce.__file__).resolve().parent
    if package.parent.name not in ("site-packages", "dist-packages"):
        return package.parent
    if interpreter == sys.executable:
        return None
    alone = private_dir / "package"
    alone.mkdir(parents=True, exist_ok=True)
    fresh = unfinished_path(alone / "livereduce")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(package)
    fresh.replace(alone / "livereduce")
    return alone


def python_path(given: str, folder: Path | None) -> str:
    """PYTHONPATH with the folder on it, once; at the end, because the given entries have priority."""
    entries = [entry for entry in given.split(os.pathsep) if entry]
    return os.pathsep.join(entries if folder is None or str(folder) in entries else [*entries, str(folder)])
