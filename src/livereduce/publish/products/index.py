"""The index of the products, and how it changes when runs begin, end and are missed. Pure.

A run's product is final when it was written with the run's last data. The product of a worker that died is not. The
stream server forgets a run when it ends: the next worker, if it finds the stream in another run, closes that run with
the reason why its product may lack data.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from livereduce.base.fields import checked
from livereduce.base.run_numbers import named, passed_unseen
from livereduce.publish.parameters import ShownParameter
from livereduce.scripting.reporting.display import AS_IT_IS, Display

INDEX = "index.json"
"""Its name in the folder of the products."""
MAX_INDEX = 4 << 20
"""Most bytes; a real one has some kilobytes."""
MAX_MISSED = 10
"""Most entries of runs without a product; each is one run, or several consecutive ones."""
MAX_NOTES = 3

END_UNSEEN = "the end of the run was not seen: data after this result may be missing"
NOT_REPLACED = "an earlier worker wrote this result, and the run ended without a newer one"
NO_RESULT = "it ended while nothing was reading the stream, before there was a result"
PASSED = "it began and ended while nothing was reading the stream, or this number was not used"
PASSED_ALL = "they began and ended while nothing was reading the stream, or these numbers were not used"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEntry:
    """One product.

    Attributes
    ----------
    path
        Relative to the products folder.
    written_unix_s
        Unix time.
    incomplete
        Why data of the run are missing; empty if none are.
    ended
        The run is over, and the file says so: it is final.
    parameters
        Those that the scripts have asked for.
    display
        How it wants to be shown.
    total, total_error, units
        Sum of all its values, its standard deviation, and their units; None if there is no such number.
    last_pulse
        Its newest pulse, ISO 8601; empty if not known.
    """

    name: str
    path: str
    pipeline: str
    written_unix_s: float
    events: int
    proton_charge_pc: float = 0.0
    incomplete: str = ""
    ended: bool = False
    parameters: tuple[ShownParameter, ...] = ()
    display: Display = AS_IT_IS
    total: float | None = None
    total_error: float | None = None
    units: str = ""
    last_pulse: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run with its products, by file name.

    Attributes
    ----------
    start_time, end_time
        ISO 8601, from the stream; empty until known.
    incomplete
        What is missing at its end, found when it was closed; empty if nothing.
    title
        Of the newest result; empty if it has none.
    scripts
        The md5 of the scripts that made the newest result, by file name.
    figure_unix_s
        When a script has published a figure last, as Unix time; 0 if none has.
    """

    run: int
    ended: bool = False
    title: str = ""
    start_time: str = ""
    end_time: str = ""
    incomplete: str = ""
    scripts: Mapping[str, str] = field(default_factory=dict)
    figure_unix_s: float = 0.0
    products: Mapping[str, IndexEntry] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Runs `first` to `last` left no product: why, and when that was found (Unix time)."""

    first: int
    last: int
    reason: str
    noticed_unix_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """All runs that are kept, the current one last.

    Attributes
    ----------
    last_run
        The newest run seen in the stream; 0 if none was.
    last_run_ended
        True if its end was seen, or was reported as missed.
    """

    runs: tuple[Run, ...] = ()
    last_run: int = 0
    last_run_ended: bool = True
    missed: tuple[Missed, ...] = ()

    def find(self, run: int) -> Run | None:
        """The run with this number; None if it is not listed."""
        return next((one for one in self.runs if one.run == run), None)

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence for people on each of the newest runs that were missed, wholly or at their end."""
        told = [(one.first, f"{named(range(one.first, one.last + 1))}: {one.reason}") for one in self.missed]
        told += [(one.run, f"run {one.run}: {one.incomplete}") for one in self.runs if one.incomplete]
        return tuple(text for _, text in sorted(told)[-MAX_NOTES:])


def with_run(index: Index, run: Run, *, current: bool) -> Index:
    """The index with a run in its place, or as the current one."""
    if current or index.find(run.run) is None:
        others = tuple(one for one in index.runs if one.run != run.run)
        return replace(index, runs=(*others, run) if current else (*others[:-1], run, *others[-1:]))
    return replace(index, runs=tuple(run if one.run == run.run else one for one in index.runs))


def in_run(index: Index, run: int, left_open: Collection[int], now_unix_s: float, *, joined: bool) -> Index:
    """Record the run that the stream is in (0: none).

    Parameters
    ----------
    left_open
        Runs whose products an earlier worker left without an end.
    joined
        Nothing was reading before: other runs may have passed meanwhile.
    """
    for number in sorted(set(left_open) - {run, 0}):
        index = ended(index, number, END_UNSEEN)
    before = index.last_run
    if joined and before and run != before:
        index = _missed_since(index, run, now_unix_s)
    if not run:
        return replace(index, last_run_ended=index.last_run_ended or joined)
    return replace(index, last_run=run, last_run_ended=False)


def _missed_since(index: Index, run: int, now_unix_s: float) -> Index:
    """Add the runs without a product between the last one seen and this one."""
    before, missed = index.last_run, []
    found = index.find(before)
    if not index.last_run_ended and (found is None or not found.products):
        missed.append(Missed(first=before, last=before, reason=NO_RESULT, noticed_unix_s=now_unix_s))
    if passed := passed_unseen(before, run):
        reason = PASSED if len(passed) == 1 else PASSED_ALL
        missed.append(Missed(first=passed[0], last=passed[-1], reason=reason, noticed_unix_s=now_unix_s))
    return replace(index, missed=(*index.missed, *missed)[-MAX_MISSED:])


def ended(index: Index, run: int, incomplete: str = "", ours: Collection[str] | None = None) -> Index:
    """Record the end of a run: all its products are final; those without all its data get the reason.

    Parameters
    ----------
    incomplete
        What is missing in products that were not written with the run's last data.
    ours
        Files that this worker wrote; files of earlier workers lack data of the run. None: no distinction.
    """
    if run and run == index.last_run:
        index = replace(index, last_run_ended=True)
    found = index.find(run)
    if found is None:
        return index
    products = {
        file: entry if entry.ended else _closed(entry, incomplete or _left_by_others(file, ours))
        for file, entry in found.products.items()
    }
    lacks = "; ".join(dict.fromkeys(_added(found.products[file], entry) for file, entry in products.items()))
    done = replace(found, products=products, ended=True, incomplete=found.incomplete or lacks.strip("; "))
    return with_run(index, done, current=False)


def _left_by_others(file: str, ours: Collection[str] | None) -> str:
    return NOT_REPLACED if ours is not None and file not in ours else ""


def _closed(entry: IndexEntry, reason: str) -> IndexEntry:
    said = reason in entry.incomplete
    return replace(entry, ended=True, incomplete=entry.incomplete if said else joined_reasons(entry.incomplete, reason))


def _added(before: IndexEntry, after: IndexEntry) -> str:
    return after.incomplete.removeprefix(before.incomplete).removeprefix("; ")


def joined_reasons(*reasons: str) -> str:
    """Join several reasons into one text."""
    return "; ".join(reason for reason in reasons if reason)


_RUN_FACTS = ("run", "ended", "title", "start_time", "end_time", "incomplete", "figure_unix_s")


def encode_index(index: Index) -> bytes:
    """Encode the index as JSON."""
    body = {
        "current": index.runs[-1].run if index.runs else None,
        "last_run": {"run": index.last_run, "ended": index.last_run_ended},
        "missed": [asdict(one) for one in index.missed],
        "runs": [_run_body(run) for run in index.runs],
    }
    return json.dumps(body, indent=1).encode()


def _run_body(run: Run) -> dict[str, Any]:
    facts = {key: getattr(run, key) for key in _RUN_FACTS}
    return facts | {"scripts": dict(run.scripts), "products": [asdict(entry) for entry in run.products.values()]}


def decode_index(text: str | bytes) -> Index:
    """Decode the runs of an index, without their products, titles and scripts: those are read from their files.

    Raises
    ------
    ValueError
        It is broken.
    """
    try:
        body = json.loads(text)
        last = checked(_LastRun, body.get("last_run", {"run": 0, "ended": True}))
        return Index(
            runs=tuple(_run_of(run) for run in body["runs"]),
            last_run=last.run,
            last_run_ended=last.ended,
            missed=tuple(checked(Missed, one) for one in body.get("missed", ())[-MAX_MISSED:]),
        )
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"not an index of products: {error!r}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _LastRun:
    """The newest run seen, as stored in the file."""

    run: int
    ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _RunSaid:
    """A run as stored in the file, without its products."""

    run: int
    ended: bool
    start_time: str = ""
    end_time: str = ""
    incomplete: str = ""


def _run_of(body: object) -> Run:
    said = checked(_RunSaid, body)
    return Run(
        run=said.run,
        ended=said.ended,
        start_time=said.start_time,
        end_time=said.end_time,
        incomplete=said.incomplete,
    )
