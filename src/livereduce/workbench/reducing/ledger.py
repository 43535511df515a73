"""What was reduced, from what, and with what: a file beside the products of each run."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from livereduce import __version__
from livereduce.base.fields import checked
from livereduce.base.files import make_folder, read_regular, replace_file
from livereduce.preflight.resolve import Resolved
from livereduce.workbench.reducing.inputs import RunInput
from livereduce.workbench.reducing.task import RunReduced

FILE_NAME = "reduced.json"
MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One run.

    Attributes
    ----------
    source, size_bytes, mtime_ns
        What was read.
    made_by
        Scripts and settings, in a few digits.
    failure
        Why the products are not what they should be; empty if they are.
    products
        Names of the files beside this one.
    """

    source: str
    size_bytes: int
    mtime_ns: int
    made_by: str
    run: int
    events: int
    seconds: float
    failure: str
    products: tuple[str, ...]


def made_by(resolved: Resolved) -> str:
    """Scripts and settings, told from all others that may give another result."""
    config = resolved.config
    settings = (
        resolved.scripts.version,
        config.update_every_s,
        config.preserve_events,
        config.accum_method,
        config.periods,
        config.spectra,
        config.skip_empty,
        resolved.tof_bins_us,
        resolved.instrument,
        __version__,
    )
    return hashlib.md5(repr(settings).encode(), usedforsecurity=False).hexdigest()


def is_reduced(entry: LedgerEntry | None, wanted: RunInput, scripts: str) -> bool:
    """Whether what is there is what would come out again."""
    if entry is None or entry.failure:
        return False
    seen = entry.source, entry.size_bytes, entry.mtime_ns, entry.made_by
    return seen == (str(wanted.path), wanted.size_bytes, wanted.mtime_ns, scripts)


def read_entry(folder: Path) -> LedgerEntry | None:
    """The entry of a folder of products, if all of these are there; None if it has none, or a broken one."""
    try:
        entry = checked(LedgerEntry, json.loads(read_regular(folder / FILE_NAME, MAX_BYTES)))
    except (OSError, ValueError, RecursionError):
        return None
    return entry if all((folder / name).is_file() for name in entry.products) else None


def keep(folder: Path, reduced: RunReduced, of: RunInput, scripts: str) -> LedgerEntry:
    """Write the products of a run, then its entry: without that, they count as not made.

    Raises
    ------
    OSError
        They cannot be written.
    """
    make_folder(folder)
    (folder / FILE_NAME).unlink(missing_ok=True)
    for name, content in reduced.products.items():
        replace_file(folder / name, content)
    entry = LedgerEntry(
        source=str(of.path),
        size_bytes=of.size_bytes,
        mtime_ns=of.mtime_ns,
        made_by=scripts,
        run=reduced.run,
        events=reduced.events,
        seconds=round(reduced.seconds, 3),
        failure=reduced.failure,
        products=tuple(sorted(reduced.products)),
    )
    replace_file(folder / FILE_NAME, json.dumps(asdict(entry), indent=1).encode())
    return entry
