"""``livereduce runs``: the run table for people, as CSV, or as JSON."""

import json
import math
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TextIO

from livereduce.base.errors import ExitCode, OperatorError
from livereduce.base.files import read_regular
from livereduce.base.visible import visible
from livereduce.messages.status import holder_beside, is_down, read_status
from livereduce.preflight.status_files import find_products, find_statuses
from livereduce.publish.products.index import INDEX, MAX_INDEX
from livereduce.publish.runs.encode import table_body, table_csv
from livereduce.publish.runs.reading import RunTables
from livereduce.publish.runs.row import LastValue, RunRow
from livereduce.publish.runs.scripts import script_set_id
from livereduce.publish.runs.table import MetricColumn, RunTable
from livereduce.seen.index import ShownIndex, parse_index

PC_PER_UAH = 3.6e9
LONGEST_TITLE = 40
"""Most characters of a title that are printed."""


def show_runs(path: Path | None, form: str, beside: Path | None, out: TextIO) -> int:
    """``livereduce runs [CONF] [--csv|--json] [--beside DIR]``: print the run table of a configuration.

    Parameters
    ----------
    form
        ``csv``, ``json``, or empty: for people.
    beside
        Folder of runs that other scripts have reduced again: what they reported is shown beside.

    Returns
    -------
    The exit code 0, also if there is no run yet.

    Raises
    ------
    OperatorError
        The configuration does not say where its results are, the index cannot be read, or there is no folder `beside`.
    """
    folder, is_up = _folder(path)
    if beside is not None and not beside.is_dir():
        raise OperatorError(f"--beside {beside}: expected a folder that livereduce reduce has written")
    table = RunTables(folder, beside).table(_index(folder).runs, is_up=is_up)
    if form == "csv":
        out.write(table_csv(table))
    elif form == "json":
        print(json.dumps(table_body(table), indent=1), file=out)
    elif table.rows:
        print(describe_table(table), file=out)
    else:
        print(f"no runs yet in {folder}", file=out)
    return ExitCode.OK


def _folder(path: Path | None) -> tuple[Path, bool]:
    """The folder of the products, and whether the service is up."""
    now, seen = datetime.now().astimezone(), []
    for file in find_statuses(path, os.environ, Path.cwd()):
        try:
            status = read_status(file)
        except (OSError, ValueError):
            continue
        if status.products_dir:
            seen.append((not is_down(status, now, holder_beside(file)), Path(status.products_dir)))
    if seen:
        is_up, folder = max(seen, key=lambda one: one[0])
        return folder, is_up
    found = find_products(path, os.environ, Path.cwd())
    if not found:
        raise OperatorError(
            "the configuration does not say where results are kept; livereduce check says what is wrong"
        )
    return next((one for one in found if one.is_dir()), found[0]), False


def _index(folder: Path) -> ShownIndex:
    path = folder / INDEX
    try:
        return parse_index(read_regular(path, MAX_INDEX).decode())
    except FileNotFoundError:
        return ShownIndex()
    except (OSError, ValueError) as error:
        raise OperatorError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None


# ---- for people


def describe_table(table: RunTable) -> str:
    """The table for people: a line for each run, the newest first; a star where scripts differ from the run before."""
    heads = ["run", "state", "start", "lasted", "events", "µAh", "scripts", *map(_head, table.columns), "title"]
    lines = [heads]
    for row, changed, values in zip(table.rows, table.changed, table.values, strict=True):
        metrics = [measured(values.get(column.key)) for column in table.columns]
        lines.append([*_facts(row, changed), *metrics, visible(row.title)[:LONGEST_TITLE]])
    notes = ["* the scripts are others than in the run before"] if any(table.changed) else []
    notes += [f"run {row.run}: {visible(row.reason)}" for row in table.rows if row.reason]
    return "\n".join([*_aligned(lines), *notes])


def _head(column: MetricColumn) -> str:
    return visible(f"{column.key} ({column.units})" if column.units else column.key)


def _facts(row: RunRow, changed: Sequence[str]) -> list[str]:
    return [
        str(row.run),
        str(row.state),
        row.start_time[:19].replace("T", " ") or "-",
        _lasted(row),
        str(row.events),
        f"{row.proton_charge_pc / PC_PER_UAH:.3g}",
        f"{script_set_id(row.scripts.values())}{'*' if changed else ''}" or "-",
    ]


def _lasted(row: RunRow) -> str:
    """Hours and minutes from start to end."""
    try:
        took = datetime.fromisoformat(row.end_time) - datetime.fromisoformat(row.start_time)
    except (TypeError, ValueError):  # a time is not known, or only one of both has a zone
        return "-"
    minutes, seconds = divmod(round(took.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def measured(value: LastValue | None) -> str:
    """A value with its error to the digits that the error leaves; a dash where there is none."""
    if value is None or value.value is None:
        return "-"
    if not value.error:
        return f"{value.value:.6g}"
    decimals = min(12, max(0, 1 - math.floor(math.log10(value.error))))
    if abs(value.value) >= 1e9 or decimals == 12:
        return f"{value.value:.6g} ± {value.error:.2g}"
    return f"{value.value:.{decimals}f} ± {value.error:.{decimals}f}"


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as their widest cell, numbers to the right; the last one, the title, is free."""
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]) - 1)]
    return [
        "  ".join([*(cell.rjust(width) for cell, width in zip(line, widths, strict=False)), line[-1]]).rstrip()
        for line in lines
    ]
