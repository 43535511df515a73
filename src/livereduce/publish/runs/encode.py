"""The run table as CSV for a spreadsheet, and as plain values for JSON. Pure."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from livereduce.publish.runs.row import LastValue, RunRow
from livereduce.publish.runs.scripts import script_set_id
from livereduce.publish.runs.table import MetricColumn, RunTable

_FACTS = (
    "run",
    "title",
    "state",
    "reason",
    "start_time",
    "end_time",
    "events",
    "proton_charge_pc",
    "script_set",
    "changed",
)


def table_body(table: RunTable) -> dict[str, Any]:
    """The table as lists, objects, numbers and texts; the values of a row by the key of their column."""
    columns = [{"key": one.key, "name": one.name, "units": one.units, "scripts": one.scripts} for one in table.columns]
    lines = zip(table.rows, table.changed, table.values, strict=True)
    return {"columns": columns, "runs": [_row_body(row, changed, values) for row, changed, values in lines]}


def _row_body(row: RunRow, changed: tuple[str, ...], values: Mapping[str, LastValue]) -> dict[str, Any]:
    return {
        "run": row.run,
        "title": row.title,
        "state": str(row.state),
        "reason": row.reason,
        "start_time": row.start_time,
        "end_time": row.end_time,
        "events": row.events,
        "proton_charge_pc": row.proton_charge_pc,
        "scripts": row.scripts,
        "script_set": script_set_id(row.scripts.values()),
        "changed": list(changed),
        "has_products": row.has_products,
        "metrics": {
            key: {"value": one.value, "error": one.error, "units": one.units, "spark": list(one.spark)}
            for key, one in values.items()
        },
    }


def table_csv(table: RunTable) -> str:
    """The table as CSV: two columns for each metric, its value and its error; empty where nothing is known."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    heads = [head for column in table.columns for head in (_heading(column), f"{column.key} error")]
    lines.writerow([*_FACTS, *map(_cell, heads)])
    body = table_body(table)
    for values, facts in zip(table.values, body["runs"], strict=True):
        numbers = [number for column in table.columns for number in _numbers(values.get(column.key))]
        lines.writerow([*(_cell(facts[name]) for name in _FACTS), *numbers])
    return out.getvalue()


def _heading(column: MetricColumn) -> str:
    return f"{column.key} ({column.units})" if column.units else column.key


def _numbers(value: LastValue | None) -> tuple[float | str, float | str]:
    if value is None:
        return "", ""
    return "" if value.value is None else value.value, "" if value.error is None else value.error


def _cell(value: object) -> object:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if isinstance(value, list):
        return " ".join(map(str, value))
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
