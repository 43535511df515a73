"""Decide which plot is sent next, and when: pure. The sender is `livereduce.publish.livedata.sender`.

The server stores one plot per run. The run's final reduction uploads its own plot there some time after the run has
ended, and a later upload of ours would replace the better plot by a worse one. The server does not tell who wrote last,
and the stream tells the end of a run only to those who listen. So a plot is sent only while its run is known to be
going on: the newest pulse of the run in the stream is at most `FRESH_S` old. The same holds for the last plot of a run
that has ended, for plots that wait because the server is down, and for a service far behind the beam.
"""

from dataclasses import dataclass, field, replace

FRESH_S = 30.0
"""Writing, cataloging and reducing the file of a finished run takes longer than this."""
BETWEEN_S = 10.0
"""Least time between two uploads: viewers ask once a minute, and the server caches answers for 15 s. Drawing a large
image takes 0.3 s of a core, in which the reduction may have to wait for the interpreter."""
FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 300.0
MAX_RUNS = 3
"""Most runs whose plots wait; beyond that, the oldest are given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadSchedule:
    """Waiting plots and the retry state.

    Attributes
    ----------
    waiting
        Runs with a plot to be sent, the newest last.
    newest_unix_s
        Time of the newest pulse of each known run.
    failures
        Failures in a row.
    not_before
        No upload starts earlier; monotonic seconds.
    """

    waiting: tuple[int, ...] = ()
    newest_unix_s: dict[int, float] = field(default_factory=dict)
    failures: int = 0
    not_before: float = float("-inf")


def offered(turns: UploadSchedule, run: int) -> UploadSchedule:
    """Record a new plot of a run. Data between runs (0) are not sent."""
    if run == 0:
        return turns
    others = tuple(each for each in turns.waiting if each != run)
    return replace(turns, waiting=(*others, run)[-MAX_RUNS:])


def seen(turns: UploadSchedule, run: int, newest_unix_s: float) -> UploadSchedule:
    """Record a pulse of a run from the stream. Waiting plots of runs that ended long before are given up."""
    if run == 0 or turns.newest_unix_s.get(run, 0.0) >= newest_unix_s:
        return turns
    newest = {**turns.newest_unix_s, run: newest_unix_s}
    latest = sorted(newest, key=lambda each: newest[each])[-MAX_RUNS - 1 :]
    waiting = tuple(each for each in turns.waiting if newest_unix_s - newest.get(each, 0.0) <= FRESH_S)
    return replace(turns, waiting=waiting, newest_unix_s={each: newest[each] for each in latest})


def next_run(turns: UploadSchedule, now: float, now_unix_s: float) -> int | None:
    """The run whose plot is to be sent now: the newest waiting run that is known to be going on; None if none is."""
    if now < turns.not_before:
        return None
    fresh = (run for run in reversed(turns.waiting) if now_unix_s - turns.newest_unix_s.get(run, 0.0) <= FRESH_S)
    return next(fresh, None)


def sent(turns: UploadSchedule, run: int, now: float, *, outdated: bool = False) -> UploadSchedule:
    """Record that the server accepted the plot of a run. If a newer one came meanwhile, the run keeps its place."""
    waiting = turns.waiting if outdated else tuple(each for each in turns.waiting if each != run)
    return replace(turns, waiting=waiting, failures=0, not_before=now + BETWEEN_S)


def failed(turns: UploadSchedule, now: float, *, ours: bool) -> UploadSchedule:
    """Record a failure: wait longer each time, and the maximum at once if the same request would fail again."""
    failures = turns.failures + 1
    wait_s = LONGEST_WAIT_S if ours else min(FIRST_WAIT_S * 2 ** min(failures - 1, 10), LONGEST_WAIT_S)
    return replace(turns, failures=failures, not_before=now + wait_s)
