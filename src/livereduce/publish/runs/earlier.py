"""Rows of runs whose products are gone: ``products/earlier_runs.json``, the newest last.

Written when the products of a run make room for those of a newer one. It is bounded in rows and bytes: the oldest rows
go first.
"""

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from math import isfinite
from pathlib import Path

from livereduce.base.fields import checked
from livereduce.base.files import read_regular, replace_file
from livereduce.publish.runs.row import LastValue, RunRow, RunWithProducts, last_values, row_of
from livereduce.publish.trends.trends import FILE_NAME as TRENDS
from livereduce.publish.trends.trends import read_trends

FILE_NAME = "earlier_runs.json"
VERSION = 1
MAX_ROWS = 1000
MAX_BYTES = 4 << 20
"""Most bytes of the file: a row with ten metrics takes 2 kB."""


def remember(folder: Path, runs: Iterable[RunWithProducts]) -> None:
    """Keep the rows of runs whose products are about to be removed; a row of the same run is replaced.

    Parameters
    ----------
    folder
        The folder of the products.

    Raises
    ------
    OSError
        The file cannot be written: the earlier one is unchanged.
    """
    added = [row_of(run, _metrics(folder / str(run.run) / TRENDS)) for run in runs if run.run]
    if added:
        replace_file(folder / FILE_NAME, encode_earlier([*read_earlier(folder), *added]))


def _metrics(path: Path) -> tuple[LastValue, ...]:
    with suppress(OSError, ValueError):  # a broken file costs only its own values
        return last_values(read_trends(path))
    return ()


def read_earlier(folder: Path) -> tuple[RunRow, ...]:
    """Read the rows of earlier runs, the newest last; empty if there is no such file, or a broken one."""
    try:
        return decode_earlier(read_regular(folder / FILE_NAME, MAX_BYTES, follow_link=False))
    except (OSError, ValueError):
        return ()


def encode_earlier(rows: Sequence[RunRow]) -> bytes:
    """Encode the newest rows, of each run the last one; as many as fit."""
    newest = {row.run: row for row in rows}
    last = [row for row in rows if newest[row.run] is row][-MAX_ROWS:]
    texts: list[str] = []
    size = 100
    for row in reversed(last):
        texts.append(json.dumps(asdict(row), separators=(",", ":")))
        size += len(texts[-1]) + 2
        if size > MAX_BYTES:
            del texts[-1]
            break
    return "\n".join([f'{{"version":{VERSION},"runs":[', ",\n".join(reversed(texts)), "]}", ""]).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    """The file."""

    version: int
    runs: tuple[RunRow, ...]


def decode_earlier(text: bytes) -> tuple[RunRow, ...]:
    """Decode the rows of a file.

    Raises
    ------
    ValueError
        It is not such a file: says what is wrong.
    """
    try:
        stored = checked(_Stored, json.loads(text))
    except (RecursionError, UnicodeDecodeError) as error:
        raise ValueError(f"not a list of earlier runs: {error}") from None
    if stored.version != VERSION:
        raise ValueError(f"not a list of earlier runs: version {stored.version}, expected {VERSION}")
    return tuple(_plain(row) for row in stored.runs[-MAX_ROWS:] if row.run > 0)


def _plain(row: RunRow) -> RunRow:
    """Python's JSON also reads NaN and infinities: these are no values. The products of these runs are gone."""
    metrics = tuple(
        replace(one, value=_finite(one.value), error=_finite(one.error), spark=tuple(map(_finite, one.spark)))
        for one in row.metrics
    )
    return replace(row, metrics=metrics, has_products=False, proton_charge_pc=_finite(row.proton_charge_pc) or 0.0)


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None
