"""A time series of a log that grows by reference, chunk by chunk."""

from typing import Any

import numpy as np

from livereduce.engine.workspaces.logs.log_property import Changed, LogProperty
from livereduce.engine.workspaces.time_spans import is_within
from livereduce.stream.coalesce import joined_invalid
from livereduce.stream.items import B1, I8, Values


class LogSeries:
    """A time series that grows by reference; joined on first use."""

    def __init__(self, units: str) -> None:
        self.units = units
        self.times: tuple[I8, ...] = ()
        self.values: tuple[Values, ...] = ()
        self.invalid: tuple[B1 | None, ...] = ()
        self.carried = 0

    def copy(self) -> "LogSeries":
        """One that grows on its own; the values are shared."""
        twin = LogSeries(self.units)
        twin.times, twin.values, twin.invalid, twin.carried = self.times, self.values, self.invalid, self.carried
        return twin

    def append(self, times_ns: I8, values: Values, invalid: B1 | None = None) -> None:
        """Add values; of no values nothing is kept."""
        if len(times_ns):
            self.times += (times_ns,)
            self.values += (values,)
            self.invalid += (invalid,)

    @property
    def ends_invalid(self) -> bool:
        """True if the newest value is invalid."""
        newest = self.invalid[-1] if self.invalid else None
        return newest is not None and bool(newest[-1])

    def last(self) -> "LogSeries":
        """The newest value alone, marked as carried over from an earlier chunk."""
        twin = LogSeries(self.units)
        value = self.values[-1][-1:]
        # copies: a slice would keep the whole arrays alive
        invalid = np.ones(1, np.bool_) if self.ends_invalid else None
        twin.append(self.times[-1][-1:].copy(), value if isinstance(value, tuple) else value.copy(), invalid)
        twin.carried = 1
        return twin

    def during(self, spans: I8, *, with_states: bool) -> "LogSeries":
        """The values of some spans of time; with those that hold when a span begins, if it is a series of states."""
        whole = self.as_property("")
        times_ns = whole.times_ns if whole.times_ns is not None else np.empty(0, np.int64)
        keep = is_within(times_ns, spans)
        if with_states and len(times_ns):
            keep[np.maximum(np.searchsorted(times_ns, spans[:, 0], side="right") - 1, 0)] = True
            keep[0] |= not keep.any()
        values, invalid = whole.value, whole.invalid
        chosen = tuple(value for value, kept in zip(values, keep, strict=True) if kept)
        twin = LogSeries(self.units)
        twin.append(
            times_ns[keep],
            chosen if isinstance(values, list) else values[keep],
            None if invalid is None else invalid[keep],
        )
        twin.carried = self.carried if keep[:1].any() else 0
        return twin

    def merge(self, later: "LogSeries") -> None:
        """Append a later series, without its carried-over first value if that is here already."""
        self.units = later.units or self.units
        here = bool(self.times) and later.carried and self.times[-1][-1] >= later.times[0][0]
        for k, (times_ns, values, invalid) in enumerate(zip(later.times, later.values, later.invalid, strict=True)):
            skip = 1 if here and k == 0 else 0
            self.append(times_ns[skip:], values[skip:], None if invalid is None else invalid[skip:])

    def as_property(self, name: str, changed: Changed | None = None) -> LogProperty:
        """All values as a log that scripts see; they may change it."""
        # convert all values if a variable changes from number to text
        if any(isinstance(part, tuple) for part in self.values):
            value: Any = [one for part in self.values for one in part]
        else:
            # Copies, so that a script that works in place changes nothing here.
            value = np.concatenate(self.values)
        sizes = [len(times_ns) for times_ns in self.times]
        invalid = joined_invalid(list(zip(self.invalid, sizes, strict=True)))
        marked = np.zeros(sum(sizes), np.bool_) if invalid is None else invalid.copy()
        return LogProperty(name, value, self.units, np.concatenate(self.times), marked, changed)
