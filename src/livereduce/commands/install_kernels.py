"""``livereduce install-kernels``: compile every kernel for this machine, so that no start waits for it."""

import json
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from livereduce.base.errors import ExitCode, OperatorError
from livereduce.base.files import replace_file
from livereduce.base.kernel_cache import FOLDER, IS_DEFAULT, STAMP, SYSTEM, own_folder, refusal, stamp
from livereduce.base.trusted import ROOT


def install_kernels(out: TextIO) -> int:
    """Compile into the folder of this user, or of the host, and mark it as complete; print where they are.

    The environment of this process names that folder from then on.

    Raises
    ------
    OperatorError
        The folder cannot be made, or others may write to it.
    ModuleNotFoundError
        This Python does not have what the builtin engine needs.
    """
    import numba  # before anything is written: many hosts have only the daemon  # noqa: F401

    folder = folder_for_all(os.environ)
    os.umask(0o022 if folder == SYSTEM else 0o077)
    _prepare(folder)
    os.environ[FOLDER] = str(folder)
    os.environ.pop(IS_DEFAULT, None)
    print(f"compiling the kernels for this machine, into {folder}: up to a minute", file=out, flush=True)
    begun_s = time.monotonic()
    import livereduce.viewer.regions.counting  # noqa: F401 (declares kernels)
    from livereduce.engine.builtin.loading import load_everything
    from livereduce.stream.compiled import declared

    load_everything(lambda _: None)
    made = {**stamp(os.environ), "made": time.time()}
    replace_file(folder / STAMP, json.dumps(made, indent=1).encode())
    print(f"{len(declared)} kernels are ready, after {time.monotonic() - begun_s:.0f} s", file=out)
    return ExitCode.OK


def folder_for_all(environ: Mapping[str, str]) -> Path:
    """The folder that ``NUMBA_CACHE_DIR`` names; else root's is the host's, and others have their own."""
    if given := environ.get(FOLDER, ""):
        return Path(given)
    return SYSTEM if os.geteuid() == ROOT else own_folder(environ)


def _prepare(folder: Path) -> None:
    """Make the folder; what is in it of another installation goes."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if why := refusal(folder):
            raise OperatorError(why)
        if _is_of_another(folder):
            shutil.rmtree(folder)
            folder.mkdir()
        (folder / STAMP).unlink(missing_ok=True)
    except OSError as error:
        raise OperatorError(f"{error.filename or folder}: {error.strerror}; name another folder in {FOLDER}") from None


def _is_of_another(folder: Path) -> bool:
    try:
        found = json.loads((folder / STAMP).read_text())
    except (OSError, ValueError):
        return False
    return not isinstance(found, dict) or any(found.get(key) != value for key, value in stamp(os.environ).items())
