"""Events chosen by the time of their pulse, with the logs of that time."""

from dataclasses import replace

from livereduce.engine.matrix.events.event_changes import of_pulses
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.workspaces.runlogs import PROTON_CHARGE, RunLogs
from livereduce.stream.items import I8


def in_spans(matrix: Matrix, spans: I8) -> Matrix:
    """The events whose pulse lies in one of the spans, shape (n, 2) in ns, and the logs of those times.

    Raises
    ------
    ValueError
        There are no events, or they have lost their pulse times.
    """
    if matrix.events is None:
        raise ValueError("InputWorkspace must hold events; it holds histograms")
    return replace(matrix, content=of_pulses(matrix.events, spans), logs=matrix.logs.during(spans))


def run_span(logs: RunLogs) -> tuple[int, int] | None:
    """Times of the first and last pulse in ns, of the log of the proton charge; None without it."""
    if PROTON_CHARGE not in logs:
        return None
    times = logs[PROTON_CHARGE].times_ns
    return None if times is None or not len(times) else (int(times[0]), int(times[-1]))


def start_of_run(logs: RunLogs) -> int:
    """The start of the run in ns, as a log says; else the time of the first pulse.

    Raises
    ------
    RuntimeError
        Neither is known.
    """
    try:
        return logs.startTime().totalNanoseconds()
    except RuntimeError:
        span = run_span(logs)
        if span is None:
            raise
        return span[0]
