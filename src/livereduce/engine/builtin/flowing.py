"""Pulses of a source, followed on the reader's clock: while a script runs nobody reads."""

import time
from collections.abc import Callable, Iterable

import numpy as np

from livereduce.messages.progress import RunState
from livereduce.stream.chunk import Fact
from livereduce.stream.flow import Flow, PulseFlow, no_beam_since_ns, pulses_came, silent_since, waited_for
from livereduce.stream.items import EventBatch, Resumed, RunStarted

NEWEST = 16
"""Most pulses of a batch that are used for the rate."""


def pulses_in(batch: EventBatch) -> PulseFlow:
    """The newest pulses of a batch."""
    charged, eventful = batch.charge_pc > 0, np.diff(batch.first) > 0
    columns = (batch.pulse_ns, batch.pulse_ns[charged], batch.pulse_ns[eventful])
    newest, with_charge, with_events = (column[-NEWEST:].tolist() for column in columns)
    return PulseFlow(newest_ns=newest, with_charge_ns=with_charge, with_events_ns=with_events)


class Flowing:
    """Pulse history of one source.

    Parameters
    ----------
    wall_clock
        Unix time in seconds.
    """

    def __init__(self, wall_clock: Callable[[], float] = time.time) -> None:
        self._wall_clock = wall_clock
        self._flow = Flow()
        self._listened_s = 0.0
        self._connected = False

    def read(self, facts: Iterable[Fact], seconds: float, *, connected: bool) -> None:
        """Record a read of the source: its duration in seconds, and its facts."""
        self._listened_s += seconds
        now, unix_s = self._listened_s, self._wall_clock()
        if connected and not self._connected:
            self._flow = waited_for(self._flow, now, unix_s)
        self._connected = connected
        for fact in facts:
            if isinstance(fact, EventBatch):
                self._flow = pulses_came(self._flow, pulses_in(fact), now, unix_s)
            elif isinstance(fact, RunStarted | Resumed):
                self._flow = waited_for(self._flow, now, unix_s)

    def no_pulses_since(self, state: RunState) -> float | None:
        """Unix time since when a run that is not paused has brought no pulses; None if they come."""
        if state is not RunState.RUNNING or not self._connected:
            return None
        return silent_since(self._flow, self._listened_s)

    def no_beam_since_ns(self) -> int | None:
        """Time of the last pulse with beam, in ns since 1990, if the beam is off."""
        return no_beam_since_ns(self._flow)
