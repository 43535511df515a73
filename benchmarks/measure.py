"""Rows of a benchmark: every figure the median of some runs, its reference measured in between, and the ratio."""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

RUNS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. `ratio` is how many times as fast as the reference; `more` has what else was measured.

    `target` is what the ratio should be: ``≥ 0.25``.
    """

    name: str
    events_per_pulse: int | None
    events_per_s: float | None
    reference: str
    ratio: float | None
    target: str = ""
    more: dict[str, float | str] = field(default_factory=dict)


def seconds(act: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def medians(*acts: Callable[[], object], runs: int = RUNS) -> list[float]:
    """The median seconds of each, called in turn so that a slow moment of the machine meets all alike."""
    for act in acts:
        act()
    times = [[seconds(act) for act in acts] for _ in range(runs)]
    return [statistics.median(column) for column in zip(*times, strict=True)]


def show(rows: Sequence[Row], *, as_json: bool) -> None:
    """Print the table, or the JSON that machines read."""
    if as_json:
        print(json.dumps({"rows": [_flat(row) for row in rows]}, indent=1))
        return
    for row in rows:
        pulses = "" if row.events_per_pulse is None else f"{row.events_per_pulse:>8,}"
        rate = "" if row.events_per_s is None else f"{row.events_per_s / 1e6:10,.1f} M/s"
        ratio = "" if row.ratio is None else f"{row.ratio:6.2f} × {row.reference}"
        ratio += f" (wanted {row.target})" if row.target else ""
        more = "  ".join(f"{key} {_text(value)}" for key, value in row.more.items())
        print(f"{row.name:<62} {pulses:>8} {rate:>14}  {ratio}  {more}".rstrip(), flush=True)


def _flat(row: Row) -> dict[str, object]:
    values = asdict(row)
    more = values.pop("more")
    return {**values, **more}


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.4g}"
