"""``products/index.json`` as the page sees it: which runs and products there are. Pure; the only way to a file name.

A name from a request is looked up in here and never becomes a path itself; and what the index says is not believed
blindly either: a path in it counts only if it looks as `livereduce.publish.products` writes it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

MOST_RUNS = 200
MOST_PRODUCTS = 100
"""Of a run. An index with more is not of this service; the page shows as many of the newest."""

_PATH = re.compile(r"(0|[1-9][0-9]{0,17})/[A-Za-z0-9_+-](?:[A-Za-z0-9_.+-]{0,118}[A-Za-z0-9_+-])?\.nxs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A product in the index: `path` is relative to the products folder, `version` differs for every writing."""

    name: str
    path: str
    version: str
    written_unix_s: float
    events: int = 0
    incomplete: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRun:
    """A run in the index with its products by name."""

    run: int
    ended: bool
    products: Mapping[str, Listed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """What products there are; the newest run first."""

    runs: tuple[ListedRun, ...] = ()

    def run(self, number: int) -> ListedRun | None:
        """The run of this number, None if there is none."""
        return next((run for run in self.runs if run.run == number), None)

    def find(self, run: int, name: str) -> Listed | None:
        """The product of this name, None if there is none."""
        listed = self.run(run)
        return listed.products.get(name) if listed else None

    @property
    def newest_unix_s(self) -> float | None:
        """When the newest product was written."""
        times = (product.written_unix_s for run in self.runs for product in run.products.values())
        return max(times, default=None)


def parse_index(text: str) -> Index:
    """The index of a JSON text; entries that are not as they should be are left out.

    Raises
    ------
    ValueError
        Not an index at all.
    """
    try:
        runs = json.loads(text)["runs"][-MOST_RUNS:]
        return Index(runs=tuple(_run(entry) for entry in reversed(runs)))
    except (AttributeError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(f"not an index of products: {error!r}") from None


def changes(before: Index, after: Index) -> list[tuple[int, Listed]]:
    """(run, product) of what is new in `after`, the oldest run first."""
    old = {(run.run, name): product.version for run in before.runs for name, product in run.products.items()}
    return [
        (run.run, product)
        for run in reversed(after.runs)
        for name, product in run.products.items()
        if old.get((run.run, name)) != product.version
    ]


def _run(entry: dict[str, Any]) -> ListedRun:
    number = int(entry["run"])
    products = [_product(number, one) for one in entry["products"][:MOST_PRODUCTS]]
    return ListedRun(run=number, ended=bool(entry["ended"]), products={one.name: one for one in products if one})


def _product(run: int, entry: dict[str, Any]) -> Listed | None:
    path, written = entry["path"], float(entry["written_unix_s"])
    if not isinstance(path, str) or not _PATH.fullmatch(path) or not path.startswith(f"{run}/"):
        return None
    try:
        datetime.fromtimestamp(written)
    except (OverflowError, ValueError, OSError):  # no time that there is
        return None
    return Listed(
        name=str(entry["name"])[:200],
        path=path,
        version=f"{int(written * 1e6):x}",
        written_unix_s=written,
        events=int(entry.get("events", 0)),
        incomplete=str(entry.get("incomplete", ""))[:1000],
    )
