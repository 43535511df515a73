"""Look at the files of an instrument: the snapshot, the runs, the metrics. Reads; decides nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from livereduce.base.files import Mark, mark_of, read_regular
from livereduce.messages.status import Status
from livereduce.notify.facts import Looked, MetricSeen, OverRun
from livereduce.preflight.newest_status import SeenStatus, newest_status
from livereduce.publish.products.index import INDEX, MAX_INDEX, decode_index
from livereduce.publish.trends.trends import FILE_NAME as TRENDS
from livereduce.publish.trends.trends import Trends, read_trends

MOST_RUNS = 200
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifySight:
    """What the last look has seen, to begin the next one with.

    Attributes
    ----------
    marks
        Identity of each file: one that is the same at the next look is not read again.
    """

    status: SeenStatus = field(default_factory=SeenStatus)
    products_dir: str = ""
    over: tuple[OverRun, ...] | None = None
    metrics: tuple[MetricSeen, ...] = ()
    marks: dict[Path, Mark] = field(default_factory=dict)


def look(files: tuple[Path, ...], configuration: Path | None, before: NotifySight, now: datetime) -> NotifySight:
    """Look again; a file that cannot be read now is as it was, since it is replaced as a whole."""
    seen = newest_status(files, configuration, before.status, now)
    if seen.status is None:  # what was known of the daemon last stays known
        seen = replace(seen, status=before.status.status, file=before.status.file)
    folder = (seen.status.products_dir if seen.status else "") or before.products_dir
    marks: dict[Path, Mark] = {}
    sight = NotifySight(status=seen, products_dir=folder, marks=marks)
    if not folder:
        return sight
    same = before if before.products_dir == folder else NotifySight()
    run = _run_of(seen.status)
    trends = Path(folder) / str(run) / TRENDS
    known = before.metrics if trends in before.marks else ()
    return replace(
        sight,
        over=_unless_read(Path(folder) / INDEX, _over_runs, same.over, before.marks, marks, if_absent=()),
        metrics=(_unless_read(trends, _metrics, known, before.marks, marks, if_absent=()) or ()) if run else (),
    )


def looked_of(sight: NotifySight, name: str) -> Looked:
    """The fact for the policy, without dead banks; `name` is for an instrument whose daemon has not said it yet."""
    status = sight.status.status
    return Looked(
        instrument=(status.instrument if status else "") or name,
        status=status,
        down=sight.status.down,
        over=sight.over,
        metrics=sight.metrics,
    )


def _unless_read(
    path: Path,
    read: Callable[[Path], T],
    known: T | None,
    before: dict[Path, Mark],
    marks: dict[Path, Mark],
    if_absent: T,
) -> T | None:
    """What a file holds; as before if it is the same, or cannot be read; None if that is not known."""
    try:
        mark = mark_of(path)
        found = known if before.get(path) == mark else read(path)
    except FileNotFoundError:
        return if_absent if known is None else known
    except (OSError, ValueError):
        return known
    marks[path] = mark
    return found


def _run_of(status: Status | None) -> int:
    return status.progress.run.number if status and status.progress else 0


def _over_runs(path: Path) -> tuple[OverRun, ...]:
    index = decode_index(read_regular(path, MAX_INDEX, follow_link=False))
    over = [OverRun(run=run.run, incomplete=run.incomplete) for run in index.runs if run.ended and run.run]
    return tuple(over[-MOST_RUNS:])


def _metrics(path: Path) -> tuple[MetricSeen, ...]:
    return tuple(_newest(read_trends(path)))


def _newest(trends: Trends | None) -> list[MetricSeen]:
    found = []
    for trend in trends.metrics.values() if trends else ():
        newest = trend.points[-1] if trend.points else None
        if trends and newest and newest.value is not None:
            found.append(
                MetricSeen(run=trends.run, name=trend.name, value=newest.value, error=newest.error, units=trend.units)
            )
    return found
