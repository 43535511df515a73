"""When a task is given up, and what of it has failed. Pure."""

from dataclasses import dataclass, replace

from livereduce.messages.beat import Beat, Phase
from livereduce.messages.job import Job
from livereduce.messages.progress import Progress

SOURCE_PATIENCE_S = 20.0
"""A file that cannot be read for so long is given up: a file system that comes back does so sooner."""
SCRIPTS = ("proc", "post_proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A task as its beats tell of it.

    Attributes
    ----------
    heard_s
        When the last beat came.
    lost_s
        Since when its file cannot be read; None if it can.
    """

    heard_s: float
    phase: Phase = Phase.STARTING
    progress: Progress | None = None
    lost_s: float | None = None


def heard(course: Course, beat: Beat, now: float) -> Course:
    """Take a beat into account."""
    source = beat.progress.source
    lost = bool(source.reason) and not source.connected
    since = (now if course.lost_s is None else course.lost_s) if lost else None
    return replace(course, heard_s=now, phase=beat.phase, progress=beat.progress, lost_s=since)


def give_up(course: Course, job: Job, now: float) -> str:
    """Why a task must be ended; empty if it goes on."""
    silent_s, limit_s = now - course.heard_s, job.limit_s(course.phase)
    if silent_s > limit_s:
        return f"it hangs: {str(course.phase).replace('_', ' ')} has given no sign of life for {silent_s:.0f} s"
    if course.lost_s is not None and now - course.lost_s > SOURCE_PATIENCE_S and course.progress:
        return course.progress.source.reason
    return ""


def failure_of(progress: Progress, *, has_products: bool) -> str:
    """What has failed in a task that came to its end; empty if nothing has."""
    failed = [f"{step}: {progress.last_errors[step]}" for step in SCRIPTS if step in progress.last_errors]
    if not failed and progress.total.script_errors:
        failed = [f"{progress.total.script_errors} calls of scripts have failed"]
    failed += [progress.run.incomplete] if progress.run.incomplete else []
    failed += [] if failed or has_products else ["it has no result"]
    return "; ".join(failed)
