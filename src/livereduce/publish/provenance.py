"""What made a result, so that it can be made again: scripts, settings, versions, and the position in the stream.

What stays the same as long as a worker lives is its `Origin`; the rest comes with each result.
"""

import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livereduce import __version__
from livereduce.messages.job import Job
from livereduce.scripting.reading.outside import taken_from_outside

if TYPE_CHECKING:  # both engines' workers load this file before they know which engine they are
    import numpy as np
    from numpy.typing import NDArray

MAX_TEXT_BYTES = 4 << 20
"""Most bytes of all scripts and modules together that are kept with a result; of more only the md5s are."""
NO_TEXTS = f"the scripts with their modules are longer than {MAX_TEXT_BYTES >> 20} MiB: their texts are not in the file"

_PACKAGES = {"builtin": ("numpy", "scipp", "numba", "scipy", "h5py"), "mantid": ("numpy", "h5py")}
_NOT_SETTINGS = frozenset({"proc", "post_proc", "modules", "parameters", "suspects"})
"""Fields of a job that name copies, or data of other runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginFile:
    """A script, a module, or the file of the parameters.

    Attributes
    ----------
    role
        ``proc``, ``post_proc``, ``module``, ``package`` or ``parameters``.
    text
        Empty if the texts are too long to be kept.
    """

    role: str
    path: str
    md5: str
    text: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Origin:
    """What all results of a worker have in common.

    Attributes
    ----------
    settings
        The fields of its job, without those that name files.
    versions
        Of livereduce, Python, the packages that compute, and the machine.
    named_files
        md5 of each file that the parameters name, by path.
    notes
        Why a result may come out differently another time; a sentence each.
    """

    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    files: tuple[OriginFile, ...]
    named_files: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cuts:
    """Where the chunks of a result were cut.

    Attributes
    ----------
    chunks
        Shape (chunks, 3): pulses, events, and the time of the newest pulse (ns since 1990, 0 without pulses) of each.
    counts
        Shape (n, 3): chunk, name, and how many values of this log (or pulses of this beam monitor) came with it; values
        from before the start of the run do not count.
    names
        ``log NAME`` or ``monitor NUMBER``.
    """

    chunks: "NDArray[np.int64]"
    counts: "NDArray[np.int32]"
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPosition:
    """The part of the stream that a result is made of; times in ns since 1990, 0 if not known.

    Attributes
    ----------
    from_start
        False if the run was joined after its start.
    start_ns, end_ns
        Of the run, as the stream has told them.
    first_ns, last_ns
        The oldest and the newest pulse.
    """

    run: int
    events: int
    pulses: int
    from_start: bool = True
    ended: bool = False
    start_ns: int = 0
    end_ns: int = 0
    first_ns: int = 0
    last_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Provenance:
    """What made one result; `notes` are those of this result, beside those of its origin."""

    origin: Origin
    position: StreamPosition
    cuts: Cuts | None = None
    notes: tuple[str, ...] = ()


def origin_of(job: Job) -> Origin:
    """The origin of all results of a worker."""
    files = tuple(_files(job))
    code = [file for file in files if file.role != "parameters"]
    notes = tuple(note for file in code for note in taken_from_outside(file.text, Path(file.path)))
    if sum(len(file.text) for file in files) > MAX_TEXT_BYTES:
        files = tuple(OriginFile(role=file.role, path=file.path, md5=file.md5) for file in files)
        notes = (*notes, NO_TEXTS)
    return Origin(
        settings={key: value for key, value in asdict(job).items() if key not in _NOT_SETTINGS},
        versions=versions_of(job.engine),
        files=files,
        named_files={file.path: file.md5 for file in job.parameters.files} if job.parameters else {},
        notes=notes,
    )


def _files(job: Job) -> list[OriginFile]:
    scripts = [(role, script) for role, script in (("proc", job.proc), ("post_proc", job.post_proc)) if script]
    found = [_file(role, script.path, script.copy, script.md5) for role, script in scripts]
    found += [_file("package" if one.is_package else "module", one.path, one.copy, one.md5) for one in job.modules]
    if job.parameters:
        found.append(_file("parameters", job.parameters.path, job.parameters.copy, job.parameters.md5))
    return found


def _file(role: str, path: str, copy: str, md5: str) -> OriginFile:
    try:
        text = Path(copy).read_bytes()
    except OSError:  # the worker has read it, or says what is wrong
        text = b""
    return OriginFile(role=role, path=path, md5=md5, text=text)


def versions_of(engine: str) -> dict[str, str]:
    """Versions of what computes in this process, with an engine."""
    versions = {"livereduce": __version__, "python": sys.version.split()[0]}
    loaded = ((name, sys.modules.get(name)) for name in _PACKAGES.get(engine, ()))
    versions |= {name: str(getattr(module, "__version__", "")) for name, module in loaded if module is not None}
    if mantid := sys.modules.get("mantid"):
        versions["mantid"] = str(getattr(mantid, "__version__", "")) if engine == "mantid" else "builtin engine"
    return versions | {"machine": f"{platform.machine()}, {os.cpu_count()} processors"}
