"""Cut a run again where it was cut before, from whatever source: by the numbers of pulses and values of each chunk.

What comes together in one read differs from source to source, and with it the order of logs and pulses among each
other. The order within each log, of the pulses, and within each beam monitor does not: so each is counted by itself.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from livereduce.stream.chunk import Chunk, pause_log
from livereduce.stream.coalesce import coalesce_events, coalesce_geometry, coalesce_logs, coalesce_monitors
from livereduce.stream.items import (
    EventBatch,
    Gap,
    Geometry,
    Item,
    LogBatch,
    MonitorBatch,
    Paused,
    Resumed,
    RunEnded,
    RunStarted,
)
from livereduce.stream.splitting import Timed, place_at, split, times_of

PULSES = "pulses"
PATIENCE_PULSES = 600
"""So many pulses after a cut (10 s at SNS), a log value that belongs before it is not waited for any longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What a chunk holds: pulses, and values of each log and pulses of each beam monitor, by `name_of` them."""

    pulses: int
    values: Mapping[str, int] = field(default_factory=dict)


class Shortage(Exception):
    """The source has not what a chunk is made of; the text says of which, what was needed, and what there was."""


def name_of(item: LogBatch | MonitorBatch) -> str:
    """What the values of a log, or the pulses of a beam monitor, are counted as."""
    return f"log {item.name}" if isinstance(item, LogBatch) else f"monitor {item.monitor}"


def counted(item: LogBatch | MonitorBatch, start_ns: int) -> int:
    """How many values of an item count.

    Values from before the start of the run do not: how often a source repeats the state at the start is its own affair.
    """
    return len(times_of(item)) - (place_at(item, start_ns) if isinstance(item, LogBatch) else 0)


class Recut:
    """The chunks of one run.

    Parameters
    ----------
    start_ns
        Start of the run, if the source does not tell it. A run that was played again has other times than its file.

    Attributes
    ----------
    short
        Values of logs and beam monitors that the source did not have, by name.
    """

    def __init__(self, run: int, start_ns: int, quotas: Sequence[Quota]) -> None:
        self._run, self._start_ns, self._quotas = run, start_ns, quotas
        self._queues: dict[str, _Queue] = {PULSES: _Queue()}
        self._geometries: list[Geometry] = []
        self._gaps: list[Gap] = []
        self._begun = self._over = False
        self.short: dict[str, int] = {}

    def chunks(self, items: Iterable[Item]) -> Iterator[Chunk]:
        """The chunks, as soon as the items for each are there; nothing is read beyond the last.

        Raises
        ------
        Shortage
            The source has fewer pulses.
        """
        source = iter(items)
        for number, quota in enumerate(self._quotas):
            while not self._has(quota):
                item = None if self._over else next(source, None)
                if item is None:
                    self._require(number, quota)
                    break
                self._take(item)
            yield replace(self._chunk(quota), replaces=number == 0)

    def _has(self, quota: Quota) -> bool:
        """True if a chunk can be made: all is there, or pulses alone, and the rest is late."""
        surplus = self._queues[PULSES].count - quota.pulses
        if surplus < 0:
            return False
        return surplus > PATIENCE_PULSES or all(self._is_there(name, n) for name, n in quota.values.items())

    def _is_there(self, name: str, wanted: int) -> bool:
        """Without any that count, a chunk had values from before the start of the run: these are wanted, too."""
        queue = self._queues.get(name)
        return queue is not None and (queue.count >= wanted if wanted else not queue.is_empty)

    def _require(self, number: int, quota: Quota) -> None:
        there = self._queues[PULSES].count
        if there < quota.pulses:
            raise Shortage(f"chunk {number + 1} of the result has {quota.pulses} pulses, the source only {there} more")

    def _take(self, item: Item) -> None:
        match item:
            case Geometry():
                self._geometries.append(item)
            case RunEnded(run=run) if run == self._run:
                self._over = True
            case EventBatch(run=run) if run == self._run:
                self._add(PULSES, item, len(item.pulse_ns))
            case LogBatch(run=run) | MonitorBatch(run=run) if run == self._run:
                self._add(name_of(item), item, counted(item, self._start_ns))
            case Paused(run=run) | Resumed(run=run) if run == self._run:
                self._take(pause_log(item))
            case Gap(run=run) if run == self._run:
                self._gaps.append(item)
            case RunStarted(run=run) if run != self._run:
                self._over = self._begun
            case RunStarted(time_ns=time_ns) if time_ns and not self._begun:
                self._start_ns = time_ns

    def _add(self, name: str, item: Timed, count: int) -> None:
        self._begun = True
        self._queues.setdefault(name, _Queue()).add(item, count)

    def _chunk(self, quota: Quota) -> Chunk:
        parts: list[Timed] = self._queues[PULSES].give(quota.pulses)
        for name, queue in self._queues.items():
            if name != PULSES:
                parts += queue.give(quota.values.get(name, 0))
        for name, values in quota.values.items():
            if missing := values - (self._queues[name].given if name in self._queues else 0):
                self.short[name] = self.short.get(name, 0) + missing
        geometries, gaps = self._geometries, tuple(self._gaps)
        self._geometries, self._gaps = [], []
        return Chunk(
            run=self._run,
            events=coalesce_events([part for part in parts if isinstance(part, EventBatch)]),
            monitors=coalesce_monitors([part for part in parts if isinstance(part, MonitorBatch)]),
            logs=coalesce_logs([part for part in parts if isinstance(part, LogBatch)]),
            geometry=coalesce_geometry(geometries) if geometries else None,
            gaps=gaps,
            start_ns=self._start_ns,
        )


class _Queue:
    """What has come of one kind and is in no chunk yet; of each batch, the last values count.

    Attributes
    ----------
    count
        How much of it counts.
    given
        How much of it the newest chunk got.
    """

    def __init__(self) -> None:
        self._batches: deque[tuple[Timed, int]] = deque()
        self.count = self.given = 0

    @property
    def is_empty(self) -> bool:
        """Nothing waits."""
        return not self._batches

    def add(self, batch: Timed, count: int) -> None:
        """Add a batch, of which so many values count."""
        self._batches.append((batch, count))
        self.count += count

    def give(self, wanted: int) -> list[Timed]:
        """As many as are wanted and there; those that do not count go with the next that does."""
        parts: list[Timed] = []
        self.given = 0
        while self._batches:
            batch, count = self._batches.popleft()
            take = min(count, wanted - self.given)
            early, late = split(batch, len(times_of(batch)) - count + take)
            if early is not None:
                parts.append(early)
            self.given += take
            if late is not None:
                self._batches.appendleft((late, count - take))
                break
        self.count -= self.given
        return parts
