"""The run table: rows of the runs that are kept and of earlier ones, and a column for each metric. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from livereduce.publish.runs.row import NO_END, NOT_RUNNING, LastValue, RunRow, RunWithProducts, row_of
from livereduce.publish.runs.scripts import changed_scripts

MAX_COLUMNS = 200
"""Most columns of metrics; those of the newest runs come first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricColumn:
    """A metric as a column.

    Attributes
    ----------
    key
        Which column of a row is meant: the name, and for values that were not computed live ``name@scripts``.
    units
        Those of the newest run that says some.
    scripts
        The scripts that all values of this column were computed with (`script_set_id`); empty: the value of each run is
        that of the scripts that reduced it live.
    """

    key: str
    name: str
    units: str = ""
    scripts: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTable:
    """All runs with a number, the newest first.

    Attributes
    ----------
    changed
        For each row: the file names of the scripts that differ from those of the run before.
    """

    columns: tuple[MetricColumn, ...]
    rows: tuple[RunRow, ...]
    changed: tuple[tuple[str, ...], ...]


def run_table(
    kept: Sequence[RunWithProducts],
    metrics: Mapping[int, Sequence[LastValue]],
    earlier: Sequence[RunRow] = (),
    *,
    is_up: bool,
    most: int | None = None,
) -> RunTable:
    """Make the table. Data between runs (run 0) are no run, and have no row.

    Parameters
    ----------
    kept
        The runs that have products, the newest first.
    metrics
        The last values of their metrics, by run.
    earlier
        Rows of runs whose products are gone, the newest last; of a run that is among `kept`, that one counts.
    is_up
        The service is up: the newest run goes on if it has not ended.
    most
        Most rows; None for all.
    """
    numbered = [run for run in kept if run.run]
    rows = [
        row_of(run, metrics.get(run.run, ()), open_means=_open_means(is_newest=place == 0, is_up=is_up))
        for place, run in enumerate(numbered)
    ]
    there = {row.run for row in rows}
    rows += [row for row in reversed(earlier) if row.run not in there]
    before = [*rows, None][1:]
    changed = [
        changed_scripts(older.scripts, row.scripts) if older else () for row, older in zip(rows, before, strict=True)
    ]
    shown = rows[:most]
    return RunTable(columns=_columns(shown), rows=tuple(shown), changed=tuple(changed[:most]))


def _open_means(*, is_newest: bool, is_up: bool) -> str:
    if not is_newest:
        return NO_END
    return "" if is_up else NOT_RUNNING


def _columns(rows: Collection[RunRow]) -> tuple[MetricColumn, ...]:
    units: dict[str, str] = {}
    for row in rows:
        for metric in row.metrics:
            units[metric.name] = units.get(metric.name) or metric.units
    return tuple(MetricColumn(key=name, name=name, units=said) for name, said in list(units.items())[:MAX_COLUMNS])
