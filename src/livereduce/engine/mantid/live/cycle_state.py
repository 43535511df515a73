"""One snapshot of the work of Mantid's loop: Mantid's thread replaces it, the main thread reads it whole. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from livereduce.engine.mantid.flowing import WatchedFlow
from livereduce.engine.mantid.run_ledger import RunLedger
from livereduce.messages.beat import Phase


def _zeros() -> dict[Phase, int]:
    return dict.fromkeys(Phase, 0)


def _no_time() -> dict[Phase, float]:
    return dict.fromkeys(Phase, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleState:
    """The work of Mantid's loop up to a moment.

    Attributes
    ----------
    book, settled
        Ledger of the data that came, and of those that went through a whole cycle.
    watched
        Their pulses.
    at_work, since
        The phase that runs now and since when; None if none does.
    heard_at, looked_at, first_at, new_at
        As in `livereduce.engine.mantid.verdict.Facts`; 0 and None before the first.
    failure
        The script error that ends Mantid's loop.
    seconds, calls, grew_bytes
        By phase: duration of the last call, number of finished calls, memory growth of the process in all of them.
    errors
        The error of each step whose last call failed.
    """

    book: RunLedger = field(default_factory=RunLedger)
    settled: RunLedger = field(default_factory=RunLedger)
    watched: WatchedFlow = field(default_factory=WatchedFlow)
    at_work: Phase | None = None
    since: float = 0.0
    heard_at: float = 0.0
    looked_at: float = 0.0
    first_at: float = 0.0
    new_at: float | None = None
    results: int = 0
    script_errors: int = 0
    failure: str = ""
    seconds: Mapping[Phase, float] = field(default_factory=_no_time)
    calls: Mapping[Phase, int] = field(default_factory=_zeros)
    rss_bytes: int = 0
    held_bytes: int = 0
    grew_bytes: Mapping[Phase, int] = field(default_factory=_zeros)
    errors: Mapping[str, str] = field(default_factory=dict)


def begun(state: CycleState, phase: Phase, now: float, rss_bytes: int) -> CycleState:
    """A phase begins."""
    return replace(state, at_work=phase, since=now, heard_at=now, rss_bytes=rss_bytes)


def looked_at(state: CycleState, book: RunLedger, watched: WatchedFlow, now: float) -> CycleState:
    """Record a workspace, which turned the ledger into `book`."""
    is_new = bool(state.first_at) and book.newest_ns > state.book.newest_ns
    return replace(
        state,
        book=book,
        watched=watched,
        looked_at=now,
        first_at=state.first_at or now,
        new_at=now if is_new else state.new_at,
    )


def called(state: CycleState, phase: Phase, seconds: float, rss_bytes: int) -> CycleState:
    """A call of the script of a phase has finished; the process takes `rss_bytes` now."""
    grew = state.grew_bytes[phase] + rss_bytes - state.rss_bytes
    return replace(
        timed(state, phase, seconds),
        calls={**state.calls, phase: state.calls[phase] + 1},
        grew_bytes={**state.grew_bytes, phase: grew},
    )


def timed(state: CycleState, phase: Phase, seconds: float) -> CycleState:
    """Record the duration of a phase."""
    return replace(state, seconds={**state.seconds, phase: seconds})


def failed(state: CycleState, step: str, text: str, *, by_script: bool) -> CycleState:
    """A step failed."""
    errors = {**state.errors, step: text}
    return replace(state, errors=errors, script_errors=state.script_errors + by_script)


def succeeded(state: CycleState, step: str) -> CycleState:
    """A step went well: its error is over."""
    return replace(state, errors={name: text for name, text in state.errors.items() if name != step})
