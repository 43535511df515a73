"""The state word and reason that people see: the daemon's own, refined by the worker's beats. Pure."""

from livereduce.messages.progress import Progress, RunProgress, RunState
from livereduce.messages.status import Condition, StateWord, clock_time


def shown(
    word: StateWord,
    why: str,
    progress: Progress | None,
    conditions: tuple[Condition, ...] = (),
    running: str = "",
) -> tuple[StateWord, str]:
    """Return the word and the reason.

    Parameters
    ----------
    conditions
        The conditions that hold, the most urgent first.
    running
        Sentence on a script that runs unusually long; empty if none does.
    """
    if word is StateWord.RESTARTING:  # what was saved meanwhile is as much of a reason for no results
        files = (one.text for one in conditions if one.kind == "files" and one.text not in why)
        return word, "; ".join((why, *files))
    if word is StateWord.STARTING and progress is not None and progress.doing:
        return word, progress.doing
    if word is not StateWord.RUNNING or progress is None:
        return word, why
    if not progress.source.connected and progress.doing:
        return StateWord.STARTING, progress.doing
    if not progress.source.connected and not without_source(progress):
        return StateWord.STARTING, f"connecting to {_where(progress)}"
    if conditions:
        return StateWord.DEGRADED, "; ".join(one.text for one in conditions)
    word, why = (StateWord.WAITING_FOR_RUN, _ended(progress)) if progress.source.ended else _by_run(progress)
    return word, f"{why}; {running}" if running else why


def _ended(progress: Progress) -> str:
    run = progress.run
    incomplete = f"; incomplete: {run.incomplete}" if run.incomplete else ""
    return f"the data have ended, run {run.number} is reduced ({_where(progress)}){incomplete}"


def _by_run(progress: Progress) -> tuple[StateWord, str]:
    run = progress.run
    match run.state:
        case RunState.PAUSED:
            return StateWord.PAUSED, f"run {run.number} is paused"
        case RunState.RUNNING:
            incomplete = f"; incomplete: {run.incomplete}" if run.incomplete else ""
            counted = f"; {run.counted_because}" if run.counted_because else ""
            empty = f"; {uncounted(progress)}" if _is_mostly_uncounted(run) else ""
            return StateWord.RUNNING, f"reducing run {run.number}{_beam_off(progress)}{counted}{empty}{incomplete}"
        case RunState.ENDED:
            return StateWord.WAITING_FOR_RUN, f"run {run.number} has ended" if run.number else "between runs"
        case RunState.NO_RUN:
            return StateWord.WAITING_FOR_RUN, "connected, no run yet"


def without_source(progress: Progress) -> str:
    """Sentence that the connection to the source is lost or cannot be made; empty if it exists or is being made."""
    if progress.source.connected or not (progress.source.reason or progress.source.connects):
        return ""
    where, reason = _where(progress), progress.source.reason or "connection lost"
    return reason if where in reason else f"{where}: {reason}"


def without_pulses(progress: Progress) -> str:
    """Sentence that a run that is not paused brings no pulses; empty if it does. Pulses without beam do count."""
    run, source = progress.run, progress.source
    if source.no_pulses_since is None or run.state is not RunState.RUNNING or not source.connected:
        return ""
    since = clock_time(source.no_pulses_since, "%H:%M:%S %Z")
    return f"no pulses since {since}, although run {run.number} is not paused: check the data acquisition"


def uncounted(progress: Progress) -> str:
    """Sentence on the events of the run that are not in its histogram, and why; empty if all are."""
    run, reasons = progress.run, []
    stray = run.unmapped + run.erroneous
    if without := stray + run.unknown_pixel:
        kinds = ((run.unmapped, "unmapped"), (run.erroneous, "invalid"), (run.unknown_pixel, "without a spectrum"))
        which = ", ".join(f"{count} {kind}" for count, kind in kinds if count)
        reasons.append(f"{without} had no pixel ({which})")
    if run.outside_tof:
        reasons.append(f"{run.outside_tof} lay outside the time-of-flight bins")
    return f"of {run.events + stray} events, {' and '.join(reasons)}" if reasons else ""


def _is_mostly_uncounted(run: RunProgress) -> bool:
    """True if more than half of the run's events are missing from the plot: somebody will wonder why it is empty."""
    stray = run.unmapped + run.erroneous
    return 2 * (stray + run.unknown_pixel + run.outside_tof) > run.events + stray


def _beam_off(progress: Progress) -> str:
    since = progress.source.no_beam_since
    return "" if since is None else f"; no beam since {clock_time(since, '%H:%M:%S %Z')}"


def _where(progress: Progress) -> str:
    return progress.source.address or "the stream"
