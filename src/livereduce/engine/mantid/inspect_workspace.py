"""Read facts from a Mantid workspace: run, events, pulses, times. Changes nothing."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.engine.mantid.run_ledger import Described

CHARGE = "proton_charge"
NEWEST = 16
"""Most pulses that are used for the rate."""
START, END = "run_start", "run_end"


def is_group(workspace: Any) -> bool:
    """True for a group of workspaces, one for each period."""
    return hasattr(workspace, "getNumberOfEntries")


def members(workspace: Any) -> tuple[Any, ...]:
    """The workspaces of a group; any other workspace is returned alone."""
    if is_group(workspace):
        return tuple(workspace.getItem(k) for k in range(workspace.getNumberOfEntries()))
    return (workspace,)


def memory_of(workspace: Any) -> int:
    """Memory of a workspace in bytes; 0 if it does not know."""
    try:
        return max(0, int(workspace.getMemorySize()))
    except Exception:  # noqa: BLE001  the boundary to Mantid: a figure for people
        return 0


def seen_in(workspace: Any, *, count: bool = True) -> Described:
    """Facts of a workspace; empty if its kind has no run (a table).

    Parameters
    ----------
    count
        True to count events; for a histogram this reads all of it.
    """
    parts = members(workspace)
    if not parts or not hasattr(parts[0], "run"):
        return Described()
    run = parts[0].run()
    times_ns, charges = _pulses(run)
    return Described(
        run=int(parts[0].getRunNumber()),
        ends=run.hasProperty(END),
        paused=_is_paused(run),
        events=sum(_events_in(part) for part in parts) if count else 0,
        cumulative=not hasattr(parts[0], "getNumberEvents"),
        pulses=len(times_ns),
        charge_pc=float(charges.sum()),
        first_ns=int(times_ns[0]) if len(times_ns) else 0,
        last_ns=int(times_ns[-1]) if len(times_ns) else 0,
        newest_ns=max(_newest_times(run), default=0),
        pulses_ns=tuple(times_ns[-NEWEST:].tolist()),
        charged_ns=int(times_ns[charges > 0].max(initial=0)),
        start_time=_time(run, START),
        end_time=_time(run, END),
    )


def _time(run: Any, log: str) -> str:
    """A time that Mantid keeps as a text in UTC without a time zone; empty if missing."""
    if not run.hasProperty(log):
        return ""
    text = str(run.getProperty(log).value).strip()
    return f"{text}Z" if text[-1:].isdigit() and "+" not in text else text


def _events_in(workspace: Any) -> int:
    if hasattr(workspace, "getNumberEvents"):
        return int(workspace.getNumberEvents())
    return round(sum(float(np.sum(workspace.readY(k))) for k in range(workspace.getNumberHistograms())))


def _pulses(run: Any) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Unix times in ns and charges in pC of the pulses, each once: a chunk repeats the last pulse of the one before."""
    if not run.hasProperty(CHARGE):
        return np.empty(0, np.int64), np.empty(0)
    log = run.getProperty(CHARGE)
    if not hasattr(log, "times"):
        return np.empty(0, np.int64), np.empty(0)
    times = np.asarray(log.times, dtype="datetime64[ns]").astype(np.int64)
    unique, first = np.unique(times, return_index=True)
    return unique, np.asarray(log.value, dtype=np.float64)[first]


def _is_paused(run: Any) -> bool:
    if not run.hasProperty("pause"):
        return False
    values = np.atleast_1d(run.getProperty("pause").value)
    return bool(len(values)) and float(values[-1]) != 0.0


def _newest_times(run: Any) -> Iterator[int]:
    """The last time of each time series, as Unix time in ns."""
    for log in run.getProperties():
        if hasattr(log, "lastTime") and log.size():
            yield int(np.datetime64(str(log.lastTime()).strip(), "ns").astype(np.int64))
