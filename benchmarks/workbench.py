"""What the scientist's workbench costs: recording a run that is reduced, trying scripts on one, reducing many again.

Each row measures its reference itself. Groups can be named. On a machine that others use too, believe the ratios, and
of what waits for the processor (ages of pulses, seconds to a picture) nothing.
"""

import sys
from collections.abc import Iterator
from functools import partial

import recording
import reducing
import trying
from choosing import Groups, measure_chosen
from measure import Row

SMALL = 200_000
"""Events of a run, in a smoke test."""


def record(events_per_s: int = recording.EVENTS_PER_S, seconds: recording.Spans = recording.SPANS) -> Iterator[Row]:
    """The age of the newest pulse with and without a recording, and what the recorder takes."""
    yield recording.recording_row(events_per_s, seconds)


def catch_up(events: int = recording.CATCH_UP_EVENTS) -> Iterator[Row]:
    """A run in progress, recorded: what it costs the result, and what the recording misses."""
    yield recording.catch_up_row(events)


def picture(events: int = trying.EVENTS, saves: int = trying.SAVES, spare_s: float = trying.SPARE_S) -> Iterator[Row]:
    """From a save to the picture."""
    yield trying.picture_row(events, saves, spare_s)


def speed(events: int = trying.SPEED_EVENTS, runs: int = trying.RUNS) -> Iterator[Row]:
    """An attempt beside the whole way of the service."""
    yield from trying.speed_rows(events, runs)


def jobs(task_s: float = reducing.TASK_S) -> Iterator[Row]:
    """Two runs reduced again, side by side and one after the other."""
    yield reducing.jobs_row(task_s)


def background(
    events_per_s: int = reducing.EVENTS_PER_S,
    events: int = trying.EVENTS,
    seconds: recording.Spans = recording.SPANS,
) -> Iterator[Row]:
    """The age of the newest pulse while runs are reduced again on the same machine."""
    yield reducing.background_row(events_per_s, events, seconds)


GROUPS: Groups = {
    "recording": record,
    "catch-up": catch_up,
    "picture": picture,
    "try": speed,
    "reduce": jobs,
    "background": background,
}
SMOKE: Groups = {
    "recording": partial(record, 1_000_000, recording.SHORT),
    "catch-up": partial(catch_up, 4_000_000),
    "picture": partial(picture, SMALL, 1, 0.0),
    "try": partial(speed, SMALL, 1),
    "reduce": partial(jobs, 0.2),
    "background": partial(background, 1_000_000, SMALL, recording.SHORT),
}


if __name__ == "__main__":
    sys.exit(measure_chosen(__doc__, GROUPS, smoke=SMOKE))
