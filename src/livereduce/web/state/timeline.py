"""The last day of an instrument as numbers and marks: bounded, fine for the last minutes, coarse before. Pure.

The page's server keeps it only in memory: it does not know what happened before it started, except the restarts listed
in the snapshot.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from livereduce.messages.status import ScriptSeen, Status, is_time

FINE_S, FINE_KEPT = 1.0, 600
COARSE_S, COARSE_KEPT = 30.0, 2880
"""Every second for ten minutes, every half minute for a day."""
SLACK_S = 0.1
"""Snapshots do not come exactly on time: one that is this much too early is taken."""
MARKS_KEPT = 500
LONGEST_TEXT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Numbers of a snapshot; None where there are none."""

    at: datetime
    events_per_s: float
    proton_charge_pc: float | None
    proc_s: float | None
    post_proc_s: float | None
    memory_bytes: int | None
    data_age_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineMark:
    """An event: ``run``, ``restart``, ``script``, ``error``, ``state`` or ``down``, with a text."""

    at: str
    kind: str
    text: str


@dataclass(slots=True)
class Timeline:
    """Samples and marks of one instrument."""

    fine: deque[Sample] = field(default_factory=lambda: deque(maxlen=FINE_KEPT))
    coarse: deque[Sample] = field(default_factory=lambda: deque(maxlen=COARSE_KEPT))
    marks: deque[TimelineMark] = field(default_factory=lambda: deque(maxlen=MARKS_KEPT))

    def take(self, before: Status | None, after: Status) -> None:
        """Add a snapshot; `before` is the one taken last."""
        sample = _sample(after)
        for kept, apart_s in ((self.fine, FINE_S), (self.coarse, COARSE_S)):
            if not kept or sample.at - kept[-1].at >= timedelta(seconds=apart_s - SLACK_S):
                kept.append(sample)
            elif sample.at < kept[-1].at:  # the clock was set back: later samples are of the old clock
                kept.clear()
                kept.append(sample)
        self.marks.extend(happened(before, after))

    def went_down(self, at: str, why: str) -> None:
        """Mark that the daemon is down, or with an empty reason that it is up again."""
        self.marks.append(TimelineMark(at=at, kind="down", text=why[:LONGEST_TEXT] or "the daemon is back"))

    def shown(self, since: datetime | None = None) -> dict[str, Any]:
        """All samples, or those newer than `since`, as columns, oldest first; marks are always complete."""
        fine_from = self.fine[0].at if self.fine else None
        samples = [one for one in self.coarse if fine_from is None or one.at < fine_from] + list(self.fine)
        samples = [one for one in samples if since is None or one.at > since]
        columns = {
            name: [getattr(one, name) for one in samples] for name in Sample.__dataclass_fields__ if name != "at"
        }
        marks = [{"t": mark.at, "kind": mark.kind, "text": mark.text} for mark in self.marks]
        return {"t": [one.at.isoformat(timespec="milliseconds") for one in samples], **columns, "marks": marks}


def _sample(status: Status) -> Sample:
    progress = status.progress
    return Sample(
        at=datetime.fromisoformat(status.updated),
        events_per_s=status.events_per_s,
        proton_charge_pc=progress.run.proton_charge_pc if progress else None,
        proc_s=progress.steps.proc_s if progress else None,
        post_proc_s=progress.steps.post_proc_s if progress else None,
        memory_bytes=status.memory_bytes,
        data_age_s=progress.source.data_age_s if progress else None,
    )


def happened(before: Status | None, after: Status) -> list[TimelineMark]:
    """Marks for the changes between two snapshots; for the first snapshot, the restarts that it lists."""
    known = {(one.at, one.generation) for one in before.last_restarts} if before else set()
    marks = [
        TimelineMark(at=one.at, kind="restart", text=f"generation {one.generation} ended: {one.reason}"[:LONGEST_TEXT])
        for one in after.last_restarts
        if (one.at, one.generation) not in known and is_time(one.at)
    ]
    if before is None:
        return marks
    return [*marks, *_run_marks(before, after), *_script_marks(before, after), *_state_marks(before, after)]


def _run_marks(before: Status, after: Status) -> list[TimelineMark]:
    old, new = before.progress, after.progress
    if new is None or (old is not None and old.run.number == new.run.number):
        return []
    return [
        TimelineMark(at=after.updated, kind="run", text=f"run {new.run.number}" if new.run.number else "between runs")
    ]


def _script_marks(before: Status, after: Status) -> list[TimelineMark]:
    marks = [
        TimelineMark(at=after.updated, kind="script", text=f"{step} changed: {_script(new)}")
        for step, old, new in (
            ("proc", before.proc, after.proc),
            ("post_proc", before.post_proc, after.post_proc),
        )
        if old != new and before.generation
    ]
    errors_before = before.progress.last_errors if before.progress else {}
    errors = after.progress.last_errors if after.progress else {}
    return marks + [
        TimelineMark(at=after.updated, kind="error", text=f"{step}: {errors[step]}"[:LONGEST_TEXT])
        for step in ("proc", "post_proc", "publish")
        if errors.get(step) and errors.get(step) != errors_before.get(step)
    ]


def _script(seen: ScriptSeen | None) -> str:
    return f"md5 {seen.md5}" if seen else "gone"


def _state_marks(before: Status, after: Status) -> list[TimelineMark]:
    if before.state is after.state:
        return []
    text = f"{after.state}: {after.why}" if after.why else str(after.state)
    return [TimelineMark(at=after.updated, kind="state", text=text[:LONGEST_TEXT])]
