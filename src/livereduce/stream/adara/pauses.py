"""Pauses of a run: those read from the stream, and those passed on. While a server repeats, the two differ."""

from dataclasses import dataclass, replace

from livereduce.stream.items import Paused, Resumed


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """The last pause state passed on, the last one read, and the stamp of that."""

    told: bool = False
    heard: bool = False
    heard_ns: int = 0


def hear(pause: Pause, paused: bool, time_ns: int) -> Pause:
    """Record that the stream says the run is paused from a time on, or not paused."""
    return pause if paused == pause.heard else replace(pause, heard=paused, heard_ns=time_ns)


def tell(pause: Pause, run: int) -> tuple[Pause, tuple[Paused | Resumed, ...]]:
    """The change to pass on now, if any."""
    if pause.heard == pause.told:
        return pause, ()
    item = Paused if pause.heard else Resumed
    return replace(pause, told=pause.heard), (item(run=run, time_ns=pause.heard_ns),)
