"""The products of the last runs in the state directory, and the index that tells readers what is current.

``products/<run>/<name>.nxs`` and ``products/index.json``, both replaced by rename. The folders are the truth: the index
is built from them at every start; a broken or missing one costs no more than the knowledge which runs have ended.
"""

import hashlib
import json
import re
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from livereduce.files import read_regular, replace_file
from livereduce.publish.nexus import read_facts, write_product
from livereduce.publish.product import Product

INDEX = "index.json"
MOST_INDEX = 4 << 20
"""Bytes; it has some kilobytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the index says of one product; `path` is relative to the products folder, `written_unix_s` Unix time."""

    name: str
    path: str
    pipeline: str
    written_unix_s: float
    events: int
    incomplete: str


@dataclass(slots=True)
class _Run:
    products: dict[str, Entry]
    ended: bool = False


class Products:
    """Writes products, keeps those of the last runs and the index of them.

    Parameters
    ----------
    keep_runs
        How many runs are kept, the current one included; run 0 (between runs) counts as one.
    """

    def __init__(self, state_dir: Path, keep_runs: int = 10) -> None:
        self._folder = state_dir / "products"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._keep_runs = max(keep_runs, 1)
        self._runs = _runs_on_disk(self._folder)
        self._write_index()

    def publish(self, product: Product) -> Path:
        """Write a product in the place of its predecessor and make its run the current one.

        Raises
        ------
        OSError
            It cannot be written; the predecessor is still there.
        """
        path = self._folder / str(product.run) / f"{safe_name(product.name)}.nxs"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_product(path, product)
        run = self._runs.pop(product.run, None) or _Run({})
        run.products[path.name] = _entry(path, product.name, product.pipeline, product.attributes)
        run.ended = False
        self._runs[product.run] = run  # the current run is the last one
        self._prune()
        self._write_index()
        return path

    def ended(self, run: int) -> None:
        """Mark the products of a run as final; nothing is done if it has none."""
        if run in self._runs and not self._runs[run].ended:
            self._runs[run].ended = True
            self._write_index()

    def _prune(self) -> None:
        for run in list(self._runs)[: -self._keep_runs]:
            del self._runs[run]
            # What cannot be removed now is found again at the next start.
            shutil.rmtree(self._folder / str(run), ignore_errors=True)

    def _write_index(self) -> None:
        index = {
            "current": next(reversed(self._runs), None),
            "runs": [
                {"run": number, "ended": run.ended, "products": [asdict(entry) for entry in run.products.values()]}
                for number, run in self._runs.items()
            ],
        }
        replace_file(self._folder / INDEX, json.dumps(index, indent=1).encode())


def safe_name(name: str) -> str:
    """A product's name as a file name: letters, digits and ``_-+`` and inner dots; others become ``_``.

    A changed name gets a few digits of its md5, so that different names never share a file.
    """
    safe = re.sub(r"[^A-Za-z0-9_.+-]", "_", name[:80])
    safe = re.sub(r"^\.|\.$", "_", safe) or "_"
    if safe == name:
        return name
    return f"{safe}-{hashlib.md5(name.encode('utf-8', 'replace'), usedforsecurity=False).hexdigest()[:8]}"


def _entry(path: Path, name: str, pipeline: str, facts: dict[str, Any]) -> Entry:
    return Entry(
        name=name,
        path=f"{path.parent.name}/{path.name}",
        pipeline=pipeline,
        written_unix_s=path.stat().st_mtime,
        events=int(facts.get("events", 0)),
        incomplete=str(facts.get("incomplete", "")),
    )


def _runs_on_disk(folder: Path) -> dict[int, _Run]:
    """The runs with their products, the one written last at the end."""
    ended = _ended_runs(folder / INDEX)
    places = [place for place in folder.iterdir() if place.is_dir() and re.fullmatch(r"0|[1-9]\d*", place.name)]
    runs = {int(place.name): _Run(_products_on_disk(place)) for place in places}
    for number, run in runs.items():
        run.ended = ended.get(number, False)
    order = {number: place for place, number in enumerate(ended)}

    def age(number: int) -> tuple[float, int]:
        times = (entry.written_unix_s for entry in runs[number].products.values())
        return max(times, default=0.0), order.get(number, -1)  # two files can have the same time

    return {number: runs[number] for number in sorted(runs, key=age)}


def _products_on_disk(place: Path) -> dict[str, Entry]:
    products = {}
    for path in sorted(place.glob("*.nxs")):
        # A file that cannot be read is no product; it goes with its run, or is replaced.
        with suppress(OSError, KeyError, ValueError, AttributeError):
            facts = read_facts(path)
            products[path.name] = _entry(path, str(facts["name"]), str(facts["pipeline"]), facts)
    return products


def _ended_runs(index: Path) -> dict[int, bool]:
    """Whether each run had ended, in the order of an earlier index; nothing if it is missing or broken."""
    try:
        body = json.loads(read_regular(index, MOST_INDEX, follow_link=False))
        return {run["run"]: bool(run["ended"]) for run in body["runs"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
