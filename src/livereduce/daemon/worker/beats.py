"""Values from successive beats: rates, and the last error of each kind."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from livereduce.messages.beat import Beat
from livereduce.messages.progress import Progress
from livereduce.messages.status import ErrorSeen

RATE_WINDOW_S = 2.0
"""Beats come at every change of phase, some milliseconds apart; a rate over less time than this is noise."""

MAX_KINDS = 20
"""Most errors remembered; the worker has fewer, but a script may write beats of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One worker as seen through its beats; each generation starts with a new one.

    Attributes
    ----------
    phase_since
        When the phase of the newest beat began; each script call is a phase of its own.
    base_bytes
        The worker's memory after its start, before its first chunk; None before that.
    """

    beat: Beat | None = None
    phase_since: float = 0.0
    base_bytes: int | None = None
    events_per_s: float = 0.0
    pulses_per_s: float = 0.0
    window_start: float = 0.0
    window_events: int = 0
    window_pulses: int = 0

    @property
    def progress(self) -> Progress | None:
        """The newest progress."""
        return self.beat.progress if self.beat else None


def observe(observed: Observed, beat: Beat, now: float) -> Observed:
    """Take one more beat into account."""
    progress = beat.progress
    seen = replace(observed, beat=beat)
    if observed.beat is None or _step(beat) != _step(observed.beat):
        seen = replace(seen, phase_since=now - progress.silent_s)
    if observed.base_bytes is None and progress.memory.rss_bytes:
        seen = replace(seen, base_bytes=progress.memory.rss_bytes)
    if observed.beat is None:
        return _open_window(seen, progress, now)
    passed_s = now - observed.window_start
    if passed_s < RATE_WINDOW_S:
        return seen
    rates = replace(
        seen,
        events_per_s=(progress.total.events - observed.window_events) / passed_s,
        pulses_per_s=(progress.total.pulses - observed.window_pulses) / passed_s,
    )
    return _open_window(rates, progress, now)


def _step(beat: Beat) -> tuple[object, ...]:
    return beat.phase, beat.progress.steps.proc_calls, beat.progress.steps.post_proc_calls


def _open_window(seen: Observed, progress: Progress, now: float) -> Observed:
    return replace(seen, window_start=now, window_events=progress.total.events, window_pulses=progress.total.pulses)


def remember_errors(seen: tuple[ErrorSeen, ...], errors: Mapping[str, str], at: str) -> tuple[ErrorSeen, ...]:
    """The last error of each kind, updated with the current errors of a beat; new ones come last."""
    known = {one.kind: one for one in seen}
    fresh = {
        kind: ErrorSeen(kind=kind, text=text, at=at)
        for kind, text in errors.items()
        if kind not in known or known[kind].over or known[kind].text != text
    }
    kept = (replace(one, over=one.kind not in errors) for one in seen if one.kind not in fresh)
    return (*kept, *fresh.values())[-MAX_KINDS:]
