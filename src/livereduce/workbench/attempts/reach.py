"""How much of a run an attempt takes. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How much of the run an attempt takes; None: all of it."""

    chunks: int | None = None
    events: int | None = None
