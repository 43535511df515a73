"""Pauses of a run: what the stream says of them, and what is told. While a server repeats, the two differ."""

from dataclasses import dataclass, replace

from livereduce.stream.items import Paused, Resumed


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """What was told last, what was heard last, and the stamp of that."""

    told: bool = False
    heard: bool = False
    heard_ns: int = 0


def hear(pause: Pause, paused: bool, time_ns: int) -> Pause:
    """The stream says that the run is paused from a time on, or that it is not."""
    return pause if paused == pause.heard else replace(pause, heard=paused, heard_ns=time_ns)


def tell(pause: Pause, run: int) -> tuple[Pause, tuple[Paused | Resumed, ...]]:
    """What is to be told now, if anything."""
    if pause.heard == pause.told:
        return pause, ()
    item = Paused if pause.heard else Resumed
    return replace(pause, told=pause.heard), (item(run=run, time_ns=pause.heard_ns),)
