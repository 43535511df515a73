"""Decide what a silent connection means: wait, ask the server over a second connection, or reconnect.

A real server sends nothing at all in a pause, and no heartbeats. So silence alone proves nothing, and a connection
that died without notice looks the same. A healthy server answers a second connection that asks for "now" at once, with
its current run.

``step(state, fact, now) -> (state, outputs)``. `now` counts only the time in which somebody listened: while a script
runs nobody reads, and silence in that time means nothing.

====================================================  ========================================================
the second connection                                 verdict
====================================================  ========================================================
gets no answer                                        reconnect
is told another run                                   reconnect
is told that the run is paused, the first was not     reconnect
is told no pause, and gets pulses; the first does not reconnect
is told the same run, and gets no pulses either       stay; ask again later, each time after a longer wait
====================================================  ========================================================
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from livereduce.stream.pace import Pace, came

FIRST_WORD_S = 10.0
"""A server answers the hello at once; one that accepts and sends nothing this long is not healthy."""
QUIET_S = 15.0
"""Silence before the first question if no pulses have been seen yet, so that no rate is known."""
ANSWER_S = 3.0
"""Longest wait for an answer."""
LISTEN_S = 1.5
"""How long the second connection listens for pulses; longer if pulses are slow."""
LONGEST_LISTEN_S = 20.0
GRACE_S = 0.5
"""News of this moment reaches the first connection, too, within this time."""
LONGEST_BETWEEN_S = 30.0
"""Least time between two questions. Each costs the server its prologue, some kilobytes to some megabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A connection was made; nothing has come yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Something came; `pulses_ns` are the times of the new pulses in it."""

    pulses_ns: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """Answers of the second connection so far.

    Attributes
    ----------
    run
        The run that the server is in; None until it has said so.
    failed
        Why the second connection ended; empty while it is open.
    """

    run: int | None = None
    paused: bool = False
    pulses: bool = False
    failed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """Nothing came. `run` and `paused` are known from the first connection; `glimpse` is set while we ask."""

    run: int | None
    paused: bool
    glimpse: Glimpse | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Open the second connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enough:
    """Close the second connection: the first one is healthy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Reconnect."""

    reason: str


Fact = Joined | Heard | Silent
Output = Ask | Enough | Leave


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """State of a connection.

    Attributes
    ----------
    pace
        Pace of the pulses, including those of earlier connections.
    heard_s
        When something came last, or when the connection was made.
    told
        True if anything has come on this connection.
    asked_s
        Since when we ask; None while we do not.
    suspect_s
        Since when the second connection has shown a fault of the first one.
    asks
        How often the server proved healthy since something came last.
    again_s
        Do not ask before this time.
    """

    pace: Pace = field(default_factory=Pace)
    heard_s: float = 0.0
    told: bool = False
    asked_s: float | None = None
    suspect_s: float | None = None
    asks: int = 0
    again_s: float = 0.0

    @property
    def limit_s(self) -> float:
        """The silence after which we ask."""
        return self.pace.limit_s if self.pace.known else QUIET_S

    @property
    def listen_s(self) -> float:
        """Seconds that the second connection listens."""
        return min(max(LISTEN_S, 2 * self.pace.usual_s), LONGEST_LISTEN_S)


Step = tuple[Idle, tuple[Output, ...]]


def step(state: Idle, fact: Fact, now: float) -> Step:
    """Return the next state, and what to do with the connection."""
    match fact:
        case Joined():
            return Idle(pace=state.pace, heard_s=now), ()
        case Heard(pulses_ns=pulses_ns):
            heard = Idle(pace=came(state.pace, pulses_ns, now), heard_s=now, told=True)
            return heard, (() if state.asked_s is None else (Enough(),))
        case Silent():
            return _silent(state, fact, now)


def due_in_s(state: Idle, now: float) -> float:
    """Seconds until a silent connection must be checked again."""
    if state.asked_s is not None:
        return 0.05
    return max(0.0, _due_s(state) - now)


def _due_s(state: Idle) -> float:
    return max(state.heard_s + (state.limit_s if state.told else FIRST_WORD_S), state.again_s)


def _silent(state: Idle, fact: Silent, now: float) -> Step:
    if state.asked_s is not None:
        return _judge(state, fact, fact.glimpse or Glimpse(), now - state.asked_s, now)
    if now < _due_s(state):
        return state, ()
    if not state.told:
        return state, (Leave(reason=f"the server accepted the connection and sent nothing for {FIRST_WORD_S:g} s"),)
    return replace(state, asked_s=now, suspect_s=None), (Ask(),)


def _judge(state: Idle, fact: Silent, seen: Glimpse, waited_s: float, now: float) -> Step:
    nothing = f"no data for {now - state.heard_s:.0f} s"
    if seen.run is None:
        if not seen.failed and waited_s < ANSWER_S:
            return state, ()
        return state, (Leave(reason=f"{nothing}, and a second connection {seen.failed or 'got no answer'}"),)
    if suspicion := _suspicion(fact, seen):
        since_s = now if state.suspect_s is None else state.suspect_s
        if now - since_s < GRACE_S and not seen.failed:
            return replace(state, suspect_s=since_s), ()
        return state, (Leave(reason=f"{nothing}, and {suspicion}"),)
    if waited_s < state.listen_s and not seen.failed:
        return state, ()
    again_s = now + min(state.limit_s * 2.0 ** min(state.asks, 10), max(LONGEST_BETWEEN_S, state.limit_s))
    return replace(state, asked_s=None, suspect_s=None, asks=state.asks + 1, again_s=again_s), (Enough(),)


def _suspicion(fact: Silent, seen: Glimpse) -> str:
    """Reason why the first connection must be faulty; empty if it may be healthy."""
    if seen.run != fact.run:
        return f"the server is {f'in run {seen.run}' if seen.run else 'between runs'} now"
    if seen.paused:
        return "" if fact.paused else f"the server says that run {seen.run} is paused"
    return "a second connection gets pulses" if seen.pulses else ""
