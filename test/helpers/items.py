"""Items of a stream with few words, and a source that plays them."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from livereduce.stream.items import At, EventBatch, Item, LogBatch, MonitorBatch, Position, SourceLost, SourceState

S_NS = 1_000_000_000


def event_batch(
    run: int,
    tof_ns: ArrayLike = (),
    pixel: ArrayLike | None = None,
    *,
    per_pulse: Sequence[int] | None = None,
    pulse_ns: ArrayLike | None = None,
    charge_pc: ArrayLike = 1.0,
    flags: int = 0,
    period: ArrayLike = 1,
    unmapped: int = 0,
    erroneous: int = 0,
) -> EventBatch:
    """A batch of one pulse, or of as many as `per_pulse` names; arrays that are given are not copied."""
    tof = np.asarray(tof_ns, np.int32)
    first = np.cumsum([0, *(per_pulse if per_pulse is not None else [len(tof)])]).astype(np.int64)
    pulses = len(first) - 1
    assert first[-1] == len(tof)
    return EventBatch(
        run=run,
        tof_ns=tof,
        pixel=np.zeros(len(tof), np.int32) if pixel is None else np.asarray(pixel, np.int32),
        state=None,
        first=first,
        pulse_ns=S_NS + np.arange(pulses)
        if pulse_ns is None
        else np.broadcast_to(np.asarray(pulse_ns, np.int64), pulses),
        charge_pc=np.broadcast_to(np.asarray(charge_pc, np.float64), pulses).copy(),
        flags=np.full(pulses, flags, np.uint32),
        period=np.broadcast_to(np.asarray(period, np.uint16), pulses).copy(),
        unmapped=unmapped,
        erroneous=erroneous,
    )


def monitor_batch(run: int, monitor: int, tof_ns: ArrayLike, pulse_ns: int = 0) -> MonitorBatch:
    """The events of one monitor in one pulse."""
    tof = np.asarray(tof_ns, np.int32)
    first = np.array([0, len(tof)], np.int64)
    return MonitorBatch(run=run, monitor=monitor, tof_ns=tof, first=first, pulse_ns=np.array([pulse_ns], np.int64))


def log_batch(run: int, name: str, times_ns: ArrayLike, values: ArrayLike, units: str = "K") -> LogBatch:
    """Values of a numeric variable."""
    return LogBatch(
        run=run,
        name=name,
        units=units,
        time_ns=np.asarray(times_ns, np.int64),
        value=np.asarray(values, np.float64),
    )


class ScriptedSource:
    """Gives one entry of a script for each read: items, or an error to raise; silence when the script is over."""

    def __init__(self, script: Iterable[Sequence[Item] | SourceLost]) -> None:
        self.script = list(script)
        self.opened: list[At] = []
        self.timeouts_s: list[float] = []
        self.closed = False
        self.connected = True
        self.ended = False

    def open(self, at: At) -> None:
        self.opened.append(at)

    def read(self, timeout_s: float) -> Sequence[Item]:
        assert not self.closed
        self.timeouts_s.append(timeout_s)
        if not self.script:
            return []
        entry = self.script.pop(0)
        if isinstance(entry, SourceLost):
            raise entry
        return entry

    def position(self) -> Position:
        return Position("")

    def state(self) -> SourceState:
        return SourceState(address="scripted", connected=self.connected, connects=len(self.opened), ended=self.ended)

    def close(self) -> None:
        self.closed = True
