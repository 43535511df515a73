"""The products of the last runs in the state directory, and their index, which tells readers what is current.

``products/<run>/<name>.nxs`` and ``products/index.json``, both replaced by rename. The files are authoritative: each
says whether its run has ended, and the index is rebuilt from them at every start. Facts that only the index has (runs
without a product) are lost if it is broken.
"""

import hashlib
import logging
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from livereduce.base.files import make_folder, read_regular, replace_file, sweep
from livereduce.publish.parameters import PARAMETERS, shown_of
from livereduce.publish.product import Product
from livereduce.publish.products import index as indexes
from livereduce.publish.products.file import amend_product, read_display, read_facts, write_product
from livereduce.publish.products.index import INDEX, MAX_INDEX, Index, IndexEntry, Run, decode_index, encode_index
from livereduce.publish.products.totals import TOTAL, TOTAL_ERROR, TOTAL_UNITS, finite, totals_of
from livereduce.publish.runs.earlier import remember
from livereduce.publish.runs.row import RESULT
from livereduce.publish.runs.scripts import FACT, decode_scripts

FIGURE = "figure.html"
"""What a script has drawn last for a run: a part of a page, without plotly's JavaScript."""
MAX_TITLE = 300
"""Most characters of a run's title in the index; its file has all of it."""

logger = logging.getLogger("livereduce.publish")


class Products:
    """Writes products, keeps those of the last runs, and maintains their index.

    The constructor never fails: every call tries again to write a directory that was not writable.

    Parameters
    ----------
    keep_runs
        Number of runs to keep, including the current one; run 0 (between runs) counts as one.
    """

    def __init__(self, state_dir: Path, keep_runs: int = 10) -> None:
        self._folder = state_dir / "products"
        self._keep_runs = max(keep_runs, 1)
        for folder in (self._folder, *_run_folders(self._folder)):
            sweep(folder)
        self._index, self._left_open = _read_folder(self._folder)
        self._ours: dict[int, set[str]] = {}
        with suppress(OSError):
            self._save(self._index)

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence for people on each of the newest runs that were missed, wholly or at their end."""
        return self._index.notes

    def publish(self, product: Product) -> Path:
        """Write a product over its predecessor and make its run the current one, unless a later run is current.

        Raises
        ------
        OSError
            It cannot be written; the predecessor is unchanged.
        """
        path = self._folder / str(product.run) / f"{safe_name(product.name)}.nxs"
        make_folder(path.parent)
        facts: dict[str, Any] = {"ended": 0, "start_time": "", "end_time": ""} | product.attributes | totals_of(product)
        try:
            write_product(path, replace(product, attributes=facts))
        except OSError as error:
            error.filename = error.filename or str(path)  # which disk is full
            raise
        self._ours.setdefault(product.run, set()).add(path.name)
        before = self._index.find(product.run) or Run(run=product.run)
        over = bool(facts["ended"])
        run = replace(
            before,
            ended=before.ended and over,
            # a script's own products have titles of their own: the run's is that of the result
            title=(before.title if before.title and product.name != RESULT else "") or product.title[:MAX_TITLE],
            scripts=decode_scripts(str(facts.get(FACT, ""))) or before.scripts,
            start_time=str(facts["start_time"]),
            end_time=str(facts["end_time"]),
            incomplete=before.incomplete if before.ended and over else "",
            products={**before.products, path.name: _entry_of(path, product, facts, ended=over)},
        )
        # The last result of a run may come late: the disk has space again after the next run began.
        is_late = 0 < product.run < self._index.last_run
        self._index = self._pruned(indexes.with_run(self._index, run, current=not is_late))
        self._save(self._index)
        return path

    def figure(self, run: int, html: str) -> Path:
        """Write the figure of a script over its predecessor; the run must have a product.

        Raises
        ------
        OSError
            It cannot be written; the predecessor is unchanged.
        """
        path = self._folder / str(run) / FIGURE
        make_folder(path.parent)
        replace_file(path, html.encode("utf-8", "replace"))
        found = self._index.find(run)
        if found is not None:
            shown = replace(found, figure_unix_s=path.stat().st_mtime)
            self._index = self._saved(indexes.with_run(self._index, shown, current=False))
        return path

    def in_run(self, run: int, *, joined: bool) -> None:
        """Record the run that the stream is in (0: none).

        Runs that an earlier worker left open are closed or reported as missed.

        Parameters
        ----------
        joined
            Nothing was reading before: runs may have passed meanwhile.

        Raises
        ------
        OSError
            It cannot be written; call again.
        """
        left_open = self._left_open - {run}
        after = indexes.in_run(self._index, run, left_open, time.time(), joined=joined)
        for note in after.notes:
            if note not in self._index.notes:
                logger.warning("incomplete: %s", note)
        self._take(after)
        self._left_open -= left_open

    def ended(self, run: int, incomplete: str = "") -> None:
        """Mark the products of a run as final; no effect if it has none.

        Parameters
        ----------
        incomplete
            What is missing in products that were not written with the run's last data.

        Raises
        ------
        OSError
            It cannot be written; call again.
        """
        self._take(indexes.ended(self._index, run, incomplete, self._ours.get(run, set())))
        self._left_open.discard(run)
        self._ours.pop(run, None)

    def _take(self, index: Index) -> None:
        """Update files and index on disk to a new index."""
        if index == self._index:
            return
        self._index = self._saved(replace(index, runs=tuple(self._amended(run) for run in index.runs)))

    def _amended(self, run: Run) -> Run:
        before = self._index.find(run.run)
        known = before.products if before else {}
        return replace(
            run,
            products={
                file: self._amended_entry(entry) if entry != known.get(file) else entry
                for file, entry in run.products.items()
            },
        )

    def _amended_entry(self, entry: IndexEntry) -> IndexEntry:
        path = self._folder / entry.path
        try:
            amend_product(path, {"ended": int(entry.ended), "incomplete": entry.incomplete})
            return replace(entry, written_unix_s=path.stat().st_mtime)
        except (ValueError, FileNotFoundError) as error:
            logger.warning("%s: only the index says how it ended: %s", path, error)
            return entry

    def _pruned(self, index: Index) -> Index:
        gone = index.runs[: -self._keep_runs]
        with suppress(OSError):  # on a full disk, a new result counts more than the row of an old one
            remember(self._folder, gone)
        for run in gone:
            # What cannot be removed now is found again at the next start.
            shutil.rmtree(self._folder / str(run.run), ignore_errors=True)
        return replace(index, runs=index.runs[-self._keep_runs :])

    def _saved(self, index: Index) -> Index:
        self._save(index)
        return index

    def _save(self, index: Index) -> None:
        make_folder(self._folder)
        replace_file(self._folder / INDEX, encode_index(index))


def safe_name(name: str) -> str:
    """Convert a product's name to a file name: letters, digits, ``_-+`` and inner dots are kept; others become ``_``.

    A changed name gets a few digits of its md5, so that different names never share a file.
    """
    safe = re.sub(r"[^A-Za-z0-9_.+-]", "_", name[:80])
    safe = re.sub(r"^\.|\.$", "_", safe) or "_"
    if safe == name:
        return name
    return f"{safe}-{hashlib.md5(name.encode('utf-8', 'replace'), usedforsecurity=False).hexdigest()[:8]}"


def _entry_of(path: Path, product: Product, facts: dict[str, Any], *, ended: bool) -> IndexEntry:
    return replace(_entry(path, product.name, product.pipeline, facts, ended=ended), display=product.display)


def _entry(path: Path, name: str, pipeline: str, facts: dict[str, Any], *, ended: bool) -> IndexEntry:
    return IndexEntry(
        name=name,
        path=f"{path.parent.name}/{path.name}",
        pipeline=pipeline,
        written_unix_s=path.stat().st_mtime,
        events=int(facts.get("events", 0)),
        proton_charge_pc=float(facts.get("proton_charge_pc", 0.0)),
        incomplete=str(facts.get("incomplete", "")),
        ended=ended,
        parameters=shown_of(facts.get(PARAMETERS)),
        total=finite(facts.get(TOTAL)),
        total_error=finite(facts.get(TOTAL_ERROR)),
        units=str(facts.get(TOTAL_UNITS, "")),
        last_pulse=str(facts.get("last_pulse", "")),
    )


def _run_folders(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from (place for place in folder.iterdir() if place.is_dir() and re.fullmatch(r"0|[1-9]\d*", place.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnDisk:
    """A product's file: whether its run has ended; None if the file is too old to record that."""

    entry: IndexEntry
    says: bool | None
    title: str
    scripts: str
    start_time: str
    end_time: str


def _read_folder(folder: Path) -> tuple[Index, set[int]]:
    """Build the index from the files, the newest run last; return also the runs without an end."""
    known = _known_index(folder / INDEX)
    runs, left_open = [], set()
    for place in _run_folders(folder):
        said = known.find(int(place.name))
        found = _products_on_disk(place, ended=bool(said and said.ended))
        runs.append(replace(_run(int(place.name), said, found), figure_unix_s=_time_of(place / FIGURE)))
        if any(product.says is False or (product.says is None and said and not said.ended) for product in found):
            left_open.add(int(place.name))
    order = {run.run: place for place, run in enumerate(known.runs)}

    def age(run: Run) -> tuple[int, float]:
        # File times do not help: the last result of a run may be written late. Runs not in the index came after it.
        times = (entry.written_unix_s for entry in run.products.values())
        return order.get(run.run, len(order)), max(times, default=0.0)

    return replace(known, runs=tuple(sorted(runs, key=age))), left_open - {0}


def _time_of(path: Path) -> float:
    """When a file was written; 0 if there is none."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _run(number: int, said: Run | None, found: list[_OnDisk]) -> Run:
    products = {product.entry.path.partition("/")[2]: product.entry for product in found}
    newest = sorted(found, key=lambda one: (one.entry.name == RESULT, one.entry.written_unix_s), reverse=True)
    return Run(
        run=number,
        ended=all(product.entry.ended for product in found) if found else bool(said and said.ended),
        title=next((product.title for product in newest if product.title), ""),
        scripts=decode_scripts(next((product.scripts for product in newest if product.scripts), "")),
        start_time=max((product.start_time for product in found), default=""),
        end_time=max((product.end_time for product in found), default=""),
        incomplete=said.incomplete if said else "",
        products=products,
    )


def _products_on_disk(place: Path, *, ended: bool) -> list[_OnDisk]:
    products = []
    for path in sorted(place.glob("*.nxs")):
        try:
            products.append(_product_on_disk(path, ended=ended))
        except Exception as error:  # noqa: BLE001 (the boundary of a file: whatever a library finds wrong with it)
            # it is deleted with its run, or replaced
            logger.warning("%s is left out, it cannot be read: %s", path, error)
    return products


def _product_on_disk(path: Path, *, ended: bool) -> _OnDisk:
    facts, display = read_facts(path), read_display(path)
    says = bool(facts["ended"]) if "ended" in facts else None
    entry = _entry(path, str(facts["name"]), str(facts["pipeline"]), facts, ended=ended if says is None else says)
    return _OnDisk(
        entry=replace(entry, display=display),
        says=says,
        title=str(facts.get("title", ""))[:MAX_TITLE],
        scripts=str(facts.get(FACT, "")),
        start_time=str(facts.get("start_time", "")),
        end_time=str(facts.get("end_time", "")),
    )


def _known_index(path: Path) -> Index:
    """Read an earlier index, without products; empty if it is missing or broken."""
    try:
        return decode_index(read_regular(path, MAX_INDEX, follow_link=False))
    except (OSError, ValueError):
        return Index()
