"""Where compiled kernels are kept: which folder, and whether it may be read. Standard library only.

numba's cache is pickled, so whoever can write it runs code in the process that reads it: a folder is used only where
this user alone, or root, can write. Kernels that were compiled at installation may lie where the service cannot write;
numba needs a folder that it can write, so they are copied into one, as a whole.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import livereduce
from livereduce.base.trusted import who_else_may_write

FOLDER = "NUMBA_CACHE_DIR"
"""Variable of numba: the folder of its cache."""
IS_DEFAULT = "LIVEREDUCE_KERNELS_DEFAULT"
"""Set where the daemon, not a person, chose the folder: then kernels of the installation come first."""
SYSTEM = Path("/var/cache/livereduce/kernels")
"""Kernels that root, or the RPM, has compiled for this host."""
STAMP = "installed.json"
"""Written when all kernels of an installation are there; says what they were compiled for."""


@dataclass(frozen=True, slots=True)
class KernelCache:
    """The folder to use, None for none; and sentences on those that may not be used."""

    folder: Path | None
    refused: tuple[str, ...] = ()


def own_folder(environ: Mapping[str, str]) -> Path:
    """The folder of this user, where no other is named."""
    given = environ.get("XDG_CACHE_HOME", "")
    return (Path(given) if given.startswith("/") else Path.home() / ".cache") / "livereduce" / "kernels"


def kernel_cache(environ: Mapping[str, str], system: Path = SYSTEM) -> KernelCache:
    """The folder that this process keeps compiled kernels in, made if need be.

    The one that a person has named; else those of the installation, if they are for this version and this machine; else
    the one that the daemon has named, or the user's.
    """
    given, own = environ.get(FOLDER, ""), own_folder(environ)
    places = [Path(given), own] if given else [own]
    refused: list[str] = []
    if not given or IS_DEFAULT in environ:
        for installed in dict.fromkeys((system, own)):
            if _is_for_this(installed, environ) and _is_safe(installed, refused):
                places = [installed, *_copies(installed, places, refused), *places]
                break
    folder = next((one for one in places if _can_be_used(one, refused)), None)
    return KernelCache(folder, tuple(dict.fromkeys(refused)))


def refusal(folder: Path) -> str:
    """Why a folder may not be used, and what helps; empty if it may."""
    what = who_else_may_write(folder)
    return what and (
        f"{folder} is not used for compiled kernels: {what}, who could put code into this process; correct that and "
        f"delete the folder, or name another in {FOLDER}"
    )


def stamp(environ: Mapping[str, str]) -> dict[str, object]:
    """What compiled kernels depend on, beside the versions that numba compares by itself."""
    options = {key: value for key, value in environ.items() if key.startswith("NUMBA_") and key != FOLDER}
    package = str(Path(livereduce.__file__).parent)
    return {"version": livereduce.__version__, "package": package, "processor": processor(), "options": options}


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """A digest of the model and the instructions of this machine's first processor."""
    first, _, _ = cpuinfo.read_text(errors="replace").partition("\n\n")
    changing = ("processor", "cpu mhz", "bogomips", "core id", "apicid", "initial apicid", "physical id")
    lines = [line for line in first.splitlines() if line.partition(":")[0].strip().lower() not in changing]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _is_for_this(folder: Path, environ: Mapping[str, str]) -> bool:
    try:
        found = json.loads((folder / STAMP).read_text())
        return bool({**found, "made": None} == {**stamp(environ), "made": None})
    except (OSError, ValueError, TypeError):
        return False


def _is_safe(folder: Path, refused: list[str]) -> bool:
    if why := refusal(folder):
        refused.append(why)
    return not why


def _can_be_used(folder: Path, refused: list[str]) -> bool:
    """Whether kernels may be read from a folder, and new ones kept in it."""
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.access(folder, os.W_OK | os.X_OK) and _is_safe(folder, refused)


def _copies(installed: Path, places: list[Path], refused: list[str]) -> Iterator[Path]:
    """A copy of the installed kernels in the first place where one can be made, unless they can be used themselves."""
    if os.access(installed, os.W_OK):
        return
    digest = hashlib.sha256((installed / STAMP).read_bytes()).hexdigest()[:12]
    for place in places:
        if not _can_be_used(place, refused):
            continue
        copy, unfinished = place / f"installed-{digest}", place / f".installed-{digest}.{os.getpid()}"
        with suppress(OSError):
            if not copy.is_dir():
                _copy(installed, unfinished)
                unfinished.rename(copy)  # fails where another process was faster: then that one's is there
        shutil.rmtree(unfinished, ignore_errors=True)
        if copy.is_dir():
            _remove_others(copy)
            yield copy
            return


def _copy(folder: Path, to: Path) -> None:
    """Copy what is in a folder, but not its modes: the copy can be written."""
    to.mkdir(mode=0o700)
    for one in sorted(folder.rglob("*")):
        there = to / one.relative_to(folder)
        if one.is_dir():
            there.mkdir(mode=0o700)
        else:
            shutil.copyfile(one, there)


def _remove_others(copy: Path) -> None:
    for one in copy.parent.glob("installed-*"):
        if one != copy:
            shutil.rmtree(one, ignore_errors=True)
