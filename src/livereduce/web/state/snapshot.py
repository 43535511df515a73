"""State of one instrument at a moment, and its card for an overview. Pure."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from os.path import normpath
from pathlib import PurePath
from typing import Any

from livereduce.messages.request import seen_scripts, why_not_shown
from livereduce.messages.status import ShadowStatus, Status, clock_time, iso
from livereduce.seen.index import of_others
from livereduce.seen.kept_regions import KeptRegions
from livereduce.seen.shelf import Shelf
from livereduce.web.render.encode import display_body
from livereduce.web.state.earlier import earlier
from livereduce.web.state.named import NamedFindings

MAX_TEXT = 2000
"""Most characters of a reason on a card."""
_ENTRY = re.compile(r"reduce_.+_live_(post_)?proc\.py|parameters\.json")
"""What lies in a script directory by a fixed name: of these, what the shadow does not have is removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """State of one instrument, from its files.

    Attributes
    ----------
    id
        Name in addresses; does not change while the page's server runs.
    status, problem
        The newest readable snapshot; why there is none, or no longer one.
    down, down_since
        Why the daemon is down (empty: it is up), and since when.
    live, shadow
        Products of the scripts in use, and of those beside them.
    kept
        The regions of the detector that are kept.
    named
        What is known of pixels and banks that are not well; None before anybody has looked.
    """

    id: str
    name: str
    status: Status | None = None
    problem: str = ""
    down: str = ""
    down_since: str = ""
    live: Shelf = field(default_factory=Shelf)
    shadow: Shelf = field(default_factory=Shelf)
    kept: KeptRegions = field(default_factory=KeptRegions)
    named: NamedFindings | None = None


def judge_down(view: View, down: str, now: datetime) -> View:
    """Set whether the daemon is down, by `messages.status.is_down`; it counts as down since its last own snapshot."""
    why = down or ("" if view.status else view.problem)
    if not why:
        return replace(view, down="", down_since="")
    since = view.down_since or (view.status.updated if view.status else iso(now))
    return replace(view, down=why[:MAX_TEXT], down_since=since)


def card(view: View, now: datetime) -> dict[str, Any]:
    """The instrument in a few facts; ages are those at `now`."""
    status, written = view.status, view.live.index.newest_unix_s
    body: dict[str, Any] = {
        "id": view.id,
        "name": view.name,
        "state": "down" if view.down or status is None else str(status.state),
        "why": view.down or (status.why[:MAX_TEXT] if status else view.problem),
        "since": view.down_since if view.down or status is None else status.since,
        "earlier": earlier(status, now)[:MAX_TEXT] if status else "",
        "down": view.down,
        "run": None,
        "run_state": None,
        "title": "",
        "events_per_s": 0.0,
        "data_age_s": None,
        "memory_bytes": None,
        "memory_limit_bytes": None,
        "last_result_at": None if written is None else unix_iso(written),
        "last_result_age_s": None if written is None else max(0.0, round(now.timestamp() - written, 3)),
        "seen_at": status.updated if status else None,
        "findings": _findings(view, now),
        "peer": None,
    }
    return body | (_flow(view, status, now) if status else {})


def ageless(card: Mapping[str, Any]) -> dict[str, Any]:
    """A card without its ages, which change although nothing has happened."""
    return {name: value for name, value in card.items() if name not in ("data_age_s", "last_result_age_s")}


def _findings(view: View, now: datetime) -> int | None:
    """How many findings there are; None while nobody looks at the detector."""
    if view.named is None or view.down or not view.named.is_good(now):
        return None
    return sum(view.named.counts.values())


def _flow(view: View, status: Status, now: datetime) -> dict[str, Any]:
    progress, down = status.progress, view.down
    run = view.live.index.run(progress.run.number) if progress else None
    return {
        "run": progress.run.number if progress else None,
        "run_state": str(progress.run.state) if progress else None,
        "title": run.title if run else "",
        "events_per_s": 0.0 if down else status.events_per_s,
        "data_age_s": data_age_s(status, now),
        "memory_bytes": None if down else status.memory_bytes,
        "memory_limit_bytes": status.memory_limit_bytes,
    }


def data_age_s(status: Status, now: datetime) -> float | None:
    """Age of the newest data: the snapshot's value plus the time since it was written."""
    if status.progress is None or status.progress.source.data_age_s is None:
        return None
    silence_s = (now - datetime.fromisoformat(status.updated)).total_seconds()
    return round(status.progress.source.data_age_s + max(0.0, silence_s), 3)


def no_beam_since(view: View, run: int) -> str:
    """Since when a current run has had no beam, as a clock time; empty if there is beam."""
    progress = view.status.progress if view.status and not view.down else None
    if progress is None or progress.run.number != run or progress.source.no_beam_since is None:
        return ""
    return clock_time(progress.source.no_beam_since, "%H:%M %Z")


def runs(shelf: Shelf) -> list[dict[str, Any]]:
    """The runs with their products, the newest first."""
    return [
        {
            "run": run.run,
            "ended": run.ended,
            "start_time": run.start_time,
            "end_time": run.end_time,
            "incomplete": run.incomplete,
            "figure": run.figure,
            "products": [
                {
                    "name": product.name,
                    "updated": unix_iso(product.written_unix_s),
                    "version": product.version,
                    "kind": kind(shelf.shapes.get((run.run, product.name))),
                    "shape": list(shelf.shapes.get((run.run, product.name)) or ()),
                    "events": product.events,
                    "proton_charge_pc": product.proton_charge_pc,
                    "incomplete": product.incomplete,
                    "parameters": [asdict(one) for one in product.parameters],
                    "display": display_body(product.display),
                }
                for product in run.products.values()
            ],
        }
        for run in shelf.index.runs
    ]


def shadow(view: View) -> dict[str, Any] | None:
    """What the scripts beside those in use have made, and what can be promoted; None without a shadow."""
    seen = view.status.shadow if view.status else None
    if view.status is None or seen is None:
        return None
    runs_now = bool(seen.pid) and not view.down
    return {
        "directory": seen.directory,
        "why": view.down or seen.why[:MAX_TEXT],
        "is_running": runs_now,
        "files": seen.files,
        "seen": seen_scripts(seen.files, view.status.files) if runs_now and not why_not_shown(seen) else "",
        "changes": _changes(seen, view.status.files) if runs_now else [],
        "runs": runs(view.shadow),
        "outdated": of_others(view.shadow.index.runs, seen.files),
        "outdated_in_use": of_others(view.live.index.runs, view.status.files),
    }


def _changes(shadow: ShadowStatus, in_use: Mapping[str, str]) -> list[dict[str, str]]:
    """What promoting makes of each file, as far as both workers know: `livereduce.scripting.promotion.changes_of`.

    Files elsewhere that the parameters name are not copied.
    """
    entry = next((path for path in map(PurePath, in_use) if _ENTRY.fullmatch(path.name)), None)
    new, old = _within(shadow.directory, shadow.files), _within(entry.parent, in_use) if entry else {}
    goes = [name for name in old if _ENTRY.fullmatch(name) and name not in new]
    return [
        *({"path": name, "md5": md5, "how": _how(old.get(name), md5)} for name, md5 in new.items()),
        *({"path": name, "md5": "", "how": "removed"} for name in goes),
    ]


def _how(before: str | None, after: str) -> str:
    return "new" if before is None else "same" if before == after else "changed"


def _within(folder: str | PurePath, files: Mapping[str, str]) -> dict[str, str]:
    """The md5 of the files in a folder, by their path there."""
    paths = ((PurePath(path), md5) for path, md5 in files.items())
    found = {path.relative_to(folder).as_posix(): md5 for path, md5 in paths if path.is_relative_to(folder)}
    return {name: md5 for name, md5 in found.items() if PurePath(normpath(name)).parts[:1] != ("..",)}


def kind(shape: tuple[int, ...] | None) -> str:
    """``scalar``, ``1d`` or ``2d``; products of more dimensions are shown as rows; ``""`` if not known."""
    if shape is None:
        return ""
    return ("scalar", "1d", "2d")[min(len(shape), 2)]


def unix_iso(unix_s: float) -> str:
    """A Unix time in the form of all answers: ISO 8601 with time zone."""
    return iso(datetime.fromtimestamp(unix_s, UTC))
