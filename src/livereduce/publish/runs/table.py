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
    values
        For each row: what stands in the columns, by their keys.
    """

    columns: tuple[MetricColumn, ...]
    rows: tuple[RunRow, ...]
    changed: tuple[tuple[str, ...], ...]
    values: tuple[Mapping[str, LastValue], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReducedAgain:
    """What other scripts reported when they reduced a run again; `scripts` is their `script_set_id`."""

    run: int
    scripts: str
    metrics: tuple[LastValue, ...]


def run_table(
    kept: Sequence[RunWithProducts],
    metrics: Mapping[int, Sequence[LastValue]],
    earlier: Sequence[RunRow] = (),
    beside: Sequence[ReducedAgain] = (),
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
    beside
        Runs that were reduced again: a column for each metric and set of scripts, beside the one that was made live.
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
    columns = _columns(shown, beside)
    keys = {column.key for column in columns}
    values = {row.run: {one.name: one for one in row.metrics if one.name in keys} for row in shown}
    for again in beside:
        found = {_key(one.name, again.scripts): one for one in again.metrics}
        if again.run in values:
            values[again.run] |= {key: one for key, one in found.items() if key in keys}
    return RunTable(
        columns=columns,
        rows=tuple(shown),
        changed=tuple(changed[:most]),
        values=tuple(values[row.run] for row in shown),
    )


def _key(name: str, scripts: str) -> str:
    return f"{name}@{scripts}" if scripts else name


def _open_means(*, is_newest: bool, is_up: bool) -> str:
    if not is_newest:
        return NO_END
    return "" if is_up else NOT_RUNNING


def _columns(rows: Collection[RunRow], beside: Sequence[ReducedAgain]) -> tuple[MetricColumn, ...]:
    """A column for each metric, what was reduced again behind what was made live."""
    units: dict[str, dict[str, str]] = {}
    shown = {row.run for row in rows}
    told = [("", row.metrics) for row in rows]
    for scripts, metrics in (*told, *((one.scripts, one.metrics) for one in beside if one.run in shown)):
        for metric in metrics:
            of_name = units.setdefault(metric.name, {})
            of_name[scripts] = of_name.get(scripts) or metric.units
    columns = [
        MetricColumn(key=_key(name, scripts), name=name, units=said, scripts=scripts)
        for name, of_name in units.items()
        for scripts, said in of_name.items()
    ]
    return tuple(columns[:MAX_COLUMNS])
