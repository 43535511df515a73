"""Vocabulary of the memory policy: the measurements that it receives, its orders, and its rules. Values only."""

from dataclasses import dataclass

from livereduce.daemon.memory.growth import Grown


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A measurement of the memory of the worker and all beside it.

    Attributes
    ----------
    worker
        Identifies the worker (its generation).
    run
        Run number in its newest beat; 0 if it has not said yet, or between runs.
    bytes
        Anonymous and shared memory of all processes; what the receiver holds counts once, other pages that several of
        them share count several times.
    confirmed_bytes
        The same with each page counted once; None if not known now. No worker is ended without it.
    started_bytes
        The part of `bytes` that belongs to processes that scripts have started.
    run_bytes, receiver_bytes, spare_bytes, shadow_bytes, recorder_bytes
        The parts that are held by the receiver, its own, the spare's, the shadow's, and the recorder's with its ring; 0
        if there are none.
    freeable_bytes
        The part of `run_bytes` that the receiver could give up, at once or when the worker has counted it.
    kept_bytes
        The part of `run_bytes` that the worker keeps as its accumulated events.
    full_s
        How long the receiver has read nothing because it may not hold more; None if it reads.
    still_s
        How long the worker has kept the same, although it could take more.
    grown
        The parts of the memory; None if not known.
    """

    worker: int
    run: int
    bytes: int
    confirmed_bytes: int | None
    started_bytes: int = 0
    run_bytes: int = 0
    receiver_bytes: int = 0
    spare_bytes: int = 0
    shadow_bytes: int = 0
    recorder_bytes: int = 0
    freeable_bytes: int = 0
    kept_bytes: int = 0
    full_s: float | None = None
    still_s: float = 0.0
    grown: Grown | None = None

    @property
    def dispensable_bytes(self) -> int:
        """The part that can be had by `GiveUpSpare`: of processes that the reduction does not need."""
        return self.spare_bytes + self.shadow_bytes


@dataclass(frozen=True, slots=True)
class Trim:
    """Order the worker to give freed memory back to the system."""


@dataclass(frozen=True, slots=True)
class FreeHeld:
    """Order the receiver to give up what the worker is done with, and to hold no more until the next run.

    A new worker then needs the run from the server again.
    """


@dataclass(frozen=True, slots=True)
class GiveUpSpare:
    """End the spare and the shadow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recycle:
    """Order the worker to publish and exit at the next chunk boundary (`ExitCode.RECYCLED`)."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndForMemory:
    """End the worker now."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceReceiver:
    """Order the receiver to exit; the worker ends with it."""

    reason: str


Order = Trim | FreeHeld | GiveUpSpare | Recycle | EndForMemory | ReplaceReceiver


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRules:
    """The limit, and times in seconds; tests shorten them.

    Attributes
    ----------
    limit_bytes
        None turns everything off, but for a receiver that is full.
    held_limit_bytes
        Most that the receiver holds of the stream.
    falls_back
        The worker keeps events and could keep histograms instead (builtin engine, `preserve_events`).
    grace_s
        How long a worker at the limit may take to reach a chunk boundary.
    relief_s
        How long it may take until a spare that is given up, or what the receiver need not hold, is gone.
    full_s
        How long the receiver may be full, and the worker still, before the run is counted.
    first_wait_s, longest_wait_s
        Wait before a run that does not fit is tried again; each wait is twice the one before.
    """

    limit_bytes: int | None = None
    held_limit_bytes: int | None = None
    falls_back: bool = False
    trim_every_s: float = 10.0
    grace_s: float = 60.0
    relief_s: float = 5.0
    full_s: float = 5.0
    first_wait_s: float = 10.0
    longest_wait_s: float = 300.0
