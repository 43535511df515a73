"""What a disturbance has cost: one sentence when the run is where it was before. Pure.

A disturbance begins when no worker reduces a connected stream, and ends when the run has caught up. Only what is known
is said: whether the run is complete is the engine's own account of it.
"""

from dataclasses import dataclass, replace

from livereduce.messages.progress import Progress, RunState

QUIET_S = 10.0
"""Connected for this long without a pulse: there is nothing to catch up with for now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """The service at one moment.

    Attributes
    ----------
    works
        There is a worker that reduces, and it is connected.
    restarts
        Workers that ended unasked.
    """

    works: bool
    generation: int
    restarts: int
    progress: Progress | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """The last sight of undisturbed work, and the disturbance since then.

    Attributes
    ----------
    well
        None before the first work.
    well_at
        Its time.
    lost_at, back_at
        When the disturbance began, and since when there is a connected worker again; None if there is none.
    """

    well: Sight | None = None
    well_at: float = 0.0
    lost_at: float | None = None
    back_at: float | None = None


def follow(recovery: Recovery, seen: Sight, now: float) -> tuple[Recovery, str]:
    """Take one more sight into account; return also the sentence at the end of a disturbance, else an empty one."""
    if (well := recovery.well) is None:
        return (Recovery(well=seen, well_at=now) if seen.works else recovery), ""
    if not seen.works:
        lost_at = now if recovery.lost_at is None else recovery.lost_at
        return replace(recovery, lost_at=lost_at, back_at=None), ""
    if recovery.lost_at is None:
        if not _is_another_connection(well, seen):
            return Recovery(well=seen, well_at=now), ""
        recovery = replace(recovery, lost_at=recovery.well_at)  # it was over before anybody looked
    back_at = now if recovery.back_at is None else recovery.back_at
    ended_at, cost = _cost(well, seen, now, back_at)
    if not cost:
        return replace(recovery, back_at=back_at), ""
    planned = seen.generation > well.generation and seen.restarts == well.restarts
    took_s = max(0.0, ended_at - (recovery.lost_at or 0.0))
    word = "the new worker has caught up after" if planned else "recovered after"
    return Recovery(well=seen, well_at=now), f"{word} {took_s:.1f} s: {cost}"


def catching_up(recovery: Recovery, seen: Sight) -> str:
    """The sentence on a run that is being read again; empty if none is."""
    if recovery.lost_at is None or recovery.well is None or not seen.works:
        return ""
    before, now = (one.progress or Progress() for one in (recovery.well, seen))
    if before.run.number != now.run.number or now.run.pulses >= before.run.pulses:
        return ""
    return f"reading it again after an interruption, {now.run.pulses} of {before.run.pulses} pulses so far"


def _is_another_connection(well: Sight, seen: Sight) -> bool:
    if seen.generation != well.generation:
        return True
    before, now = well.progress, seen.progress
    return before is not None and now is not None and now.source.connects > before.source.connects > 0


def _cost(well: Sight, seen: Sight, now: float, back_at: float) -> tuple[float, str]:
    """When the disturbance ended, and what it cost; empty as long as that is not known."""
    before, progress = well.progress or Progress(), seen.progress or Progress()
    base = _received(before) if seen.generation == well.generation else 0
    if _received(progress) <= base:
        return (back_at, "connected, no pulse has come yet") if now - back_at >= QUIET_S else (now, "")
    run, old = progress.run, before.run
    if run.number == old.number and run.state is not RunState.NO_RUN:
        return now, _cost_of_the_same(before, progress)
    missed = [text for text in progress.incomplete_runs if text not in before.incomplete_runs]
    where = f"now in run {run.number}" if run.number else "now between runs"
    return now, f"{where}{'; missing: ' + '; '.join(missed) if missed else ''}"


def _cost_of_the_same(before: Progress, progress: Progress) -> str:
    run, old = progress.run, before.run
    name = f"run {run.number}" if run.number else "between runs"
    if run.incomplete and run.incomplete != old.incomplete:
        return f"{name} is incomplete, missing: {run.incomplete}"
    if run.pulses < old.pulses:
        return ""
    if run.incomplete:
        return f"{name} has all its {old.pulses} pulses again; still missing: {run.incomplete}"
    return f"{name} complete so far ({run.pulses} pulses), nothing missing" if run.number else name


def _received(progress: Progress) -> int:
    return progress.total.pulses + progress.source.repeated_pulses
