"""The logs of a file as those of a stream: named alike, numbers or texts, a stretch of time at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from livereduce.base.times import NS_PER_S
from livereduce.stream.adara.names import Names
from livereduce.stream.adara.wire.packets import DeviceDescriptor
from livereduce.stream.items import LogBatch, Values
from livereduce.stream.nexus.logs import Log
from livereduce.stream.splitting import stretch

DEVICE = 1
"""All logs of a file are variables of one device, as when it is played."""


def log_batches(logs: Sequence[Log], run: int, start_ns: int) -> tuple[LogBatch, ...]:
    """Each log as one batch.

    Parameters
    ----------
    start_ns
        Start of the file, in ns since 1990.
    """
    names = Names()
    variables = {k: (log.name, log.units) for k, log in enumerate(logs)}
    names.learn(DeviceDescriptor(device=DEVICE, name="DASlogs", variables=variables))
    return tuple(_batch(log, run, start_ns, *names.of(DEVICE, k)) for k, log in enumerate(logs))


def _batch(log: Log, run: int, start_ns: int, name: str, units: str) -> LogBatch:
    time_ns = start_ns + np.rint(log.time_s * NS_PER_S).astype(np.int64)
    return LogBatch(run=run, name=name, units=units, time_ns=time_ns, value=_values(log.value))


def _values(found: Any) -> Values:
    if found.dtype.kind in "biuf":
        numbers: Values = found.astype(np.float64)
        return numbers
    return tuple(_text(value) for value in found.tolist())


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def standing_at(logs: Sequence[LogBatch], time_ns: int) -> Iterator[LogBatch]:
    """The value of each log at a time: the newest until then; one that comes later holds already."""
    for log in logs:
        at = max(int(np.searchsorted(log.time_ns, time_ns, "right")) - 1, 0)
        one = stretch(log, at, at + 1)
        yield replace(one, time_ns=np.minimum(one.time_ns, time_ns))


def between(logs: Sequence[LogBatch], after_ns: int, until_ns: int) -> Iterator[LogBatch]:
    """New values after one time and until another."""
    for log in logs:
        first, stop = np.searchsorted(log.time_ns, np.array([after_ns, until_ns], np.int64), "right").tolist()
        if first < stop:
            yield stretch(log, first, stop)
