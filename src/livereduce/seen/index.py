"""The runs and products in ``products/index.json``. Pure; the only source of file names.

A name from a request is looked up here and never used as a path. The index is not trusted blindly either: a path in it
counts only if it looks as `livereduce.publish.products.folder` writes it.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from livereduce.base.fields import LATEST_UNIX_S, checked
from livereduce.base.times import unix_s_of
from livereduce.publish.parameters import ShownParameter
from livereduce.publish.runs.scripts import by_name, decode_scripts, encode_scripts
from livereduce.scripting.reporting.display import AS_IT_IS, Display, display_of

MAX_RUNS = 200
MAX_PRODUCTS = 100
"""Most products of a run. An index with more is not from this service; only the newest are shown."""

MAX_PARAMETERS = 200
"""Most parameters of a product."""

MAX_TIME, MAX_REASON, MAX_TEXT, MAX_TITLE = 40, 1000, 200, 300
"""Most characters of a time, of a reason, of other texts, and of a title."""
MAX_SCRIPTS, MAX_SCRIPT = 100, 300
"""Most scripts of a run, and most characters of a file name."""

_PATH = re.compile(r"(0|[1-9][0-9]{0,17})/[A-Za-z0-9_+-](?:[A-Za-z0-9_.+-]{0,118}[A-Za-z0-9_+-])?\.nxs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A product in the index: `path` is relative to the products folder, `version` differs for every writing."""

    name: str
    path: str
    version: str
    written_unix_s: float
    events: int = 0
    proton_charge_pc: float = 0.0
    incomplete: str = ""
    parameters: tuple[ShownParameter, ...] = ()
    display: Display = AS_IT_IS
    total: float | None = None
    total_error: float | None = None
    units: str = ""
    last_pulse_unix_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRun:
    """A run in the index with its products by name; times are ISO 8601, or empty.

    Attributes
    ----------
    scripts
        The md5 of the scripts that made its newest result, by file name; empty if not known.
    figure
        Version of the figure that a script has published; empty if none has.
    """

    run: int
    ended: bool
    products: Mapping[str, Listed]
    start_time: str = ""
    end_time: str = ""
    incomplete: str = ""
    title: str = ""
    scripts: Mapping[str, str] = field(default_factory=dict)
    figure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownIndex:
    """All runs and their products; the newest run first."""

    runs: tuple[ListedRun, ...] = ()

    def run(self, number: int) -> ListedRun | None:
        """The run with this number; None if it is not listed."""
        return next((run for run in self.runs if run.run == number), None)

    def find(self, run: int, name: str) -> Listed | None:
        """The product with this name; None if it is not listed."""
        listed = self.run(run)
        return listed.products.get(name) if listed else None

    @property
    def newest_unix_s(self) -> float | None:
        """Time of the newest product."""
        times = (product.written_unix_s for run in self.runs for product in run.products.values())
        return max(times, default=None)


def parse_index(text: str) -> ShownIndex:
    """Parse the index; malformed entries are left out.

    Raises
    ------
    ValueError
        Not an index at all.
    """
    try:
        entries = json.loads(text)["runs"][-MAX_RUNS:]
        return ShownIndex(runs=tuple(run for entry in reversed(entries) if (run := _run(entry))))
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not an index of products: {error!r}") from None


def is_of_others(run: ListedRun, files: Mapping[str, str]) -> bool:
    """True if the newest result of a run was made by other scripts than these, as far as both are known.

    Parameters
    ----------
    files
        The md5 of each file of a worker, by its path.
    """
    return bool(of_others((run,), files))


def of_others(runs: Iterable[ListedRun], files: Mapping[str, str]) -> list[int]:
    """The numbers of the runs of which `is_of_others` is true."""
    now = {name[:MAX_SCRIPT]: md5 for name, md5 in decode_scripts(encode_scripts(by_name(files))).items()}
    return [run.run for run in runs if run.scripts and now and now != dict(run.scripts)]


def changes(before: ShownIndex, after: ShownIndex) -> list[tuple[int, Listed]]:
    """The (run, product) pairs that are new in `after`, the oldest run first."""
    old = {(run.run, name): product.version for run in before.runs for name, product in run.products.items()}
    return [
        (run.run, product)
        for run in reversed(after.runs)
        for name, product in run.products.items()
        if old.get((run.run, name)) != product.version
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _RunEntry:
    """A run as stored in the file."""

    run: int
    ended: bool
    start_time: str = ""
    end_time: str = ""
    incomplete: str = ""
    title: str = ""
    scripts: dict[str, str] = field(default_factory=dict)
    figure_unix_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A product as stored in the file."""

    name: str
    path: str
    written_unix_s: float
    events: int = 0
    proton_charge_pc: float = 0.0
    incomplete: str = ""
    parameters: tuple[ShownParameter, ...] = ()
    total: float | None = None
    total_error: float | None = None
    units: str = ""
    last_pulse: str = ""


def _run(body: Any) -> ListedRun | None:
    try:
        entry = checked(_RunEntry, body)
        listed = [_product(entry.run, one) for one in body["products"][:MAX_PRODUCTS]]
    except (KeyError, TypeError, ValueError):
        return None
    return ListedRun(
        run=entry.run,
        ended=entry.ended,
        start_time=entry.start_time[:MAX_TIME],
        end_time=entry.end_time[:MAX_TIME],
        incomplete=entry.incomplete[:MAX_REASON],
        title=entry.title[:MAX_TITLE],
        scripts={name[:MAX_SCRIPT]: md5[:MAX_TIME] for name, md5 in list(entry.scripts.items())[:MAX_SCRIPTS]},
        products={one.name: one for one in listed if one},
        figure=f"{int(entry.figure_unix_s * 1e6):x}" if 0 < entry.figure_unix_s <= LATEST_UNIX_S else "",
    )


def _product(run: int, body: Any) -> Listed | None:
    try:
        entry = checked(_Entry, body)
    except ValueError:
        return None
    if not _PATH.fullmatch(entry.path) or not entry.path.startswith(f"{run}/"):
        return None
    if not 0 <= entry.written_unix_s <= LATEST_UNIX_S:
        return None
    return Listed(
        name=entry.name[:200],
        path=entry.path,
        version=f"{int(entry.written_unix_s * 1e6):x}",
        written_unix_s=float(entry.written_unix_s),
        events=entry.events,
        proton_charge_pc=entry.proton_charge_pc if isfinite(entry.proton_charge_pc) else 0.0,
        incomplete=entry.incomplete[:MAX_REASON],
        parameters=tuple(_shortened(one) for one in entry.parameters[:MAX_PARAMETERS]),
        display=display_of(body.get("display")),
        total=_finite(entry.total),
        total_error=_finite(entry.total_error),
        units=entry.units[:MAX_TEXT],
        last_pulse_unix_s=unix_s_of(entry.last_pulse),
    )


def _finite(number: float | None) -> float | None:
    return number if number is not None and isfinite(number) else None


def _shortened(one: ShownParameter) -> ShownParameter:
    texts = (one.name, one.value, one.units, one.runs, one.md5)
    name, value, units, runs, md5 = (text[:MAX_TEXT] for text in texts)
    return ShownParameter(name=name, value=value, units=units, runs=runs, md5=md5)
