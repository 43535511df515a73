"""Events chosen by the time of their pulse, with the logs of that time."""

from dataclasses import replace

from livereduce.engine.matrix.event_pass import EventContent
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.pending_events import PendingEvents
from livereduce.engine.workspaces.runlogs import PROTON_CHARGE, RunLogs
from livereduce.engine.workspaces.time_spans import is_within
from livereduce.stream.items import B1, I8


def within(matrix: Matrix, spans: I8) -> Matrix:
    """The events whose pulse lies in one of the spans, and the logs of those times.

    Events of the stream stay as they are: only pulses are marked.

    Raises
    ------
    ValueError
        There are no events, or they have lost their pulse times.
    """
    if matrix.events is None:
        raise ValueError("InputWorkspace must hold events; it holds histograms")
    return replace(matrix, content=_chosen(matrix.events, spans), logs=matrix.logs.during(spans))


def _chosen(content: EventContent, spans: I8) -> EventContent:
    if isinstance(content, PendingEvents):
        return _marked(content, spans)
    if content.pulse_ns is None:
        raise ValueError("the events have lost their pulse times, as CompressEvents leaves them: filter before it")
    return content.where(is_within(content.pulse_ns, spans))


def _marked(content: PendingEvents, spans: I8) -> PendingEvents:
    before = content.kept or (None,) * len(content.events.pieces)
    kept: list[B1 | None] = []
    for piece, already in zip(content.events.pieces, before, strict=True):
        inside = is_within(piece.pulse_ns, spans)
        kept.append(inside if already is None else inside & already)
    return replace(content, kept=tuple(None if one is not None and one.all() else one for one in kept))


def run_span(logs: RunLogs) -> tuple[int, int] | None:
    """Times of the first and last pulse in ns, of the log of the proton charge; None without it."""
    if PROTON_CHARGE not in logs:
        return None
    times = logs[PROTON_CHARGE].times_ns
    return None if times is None or not len(times) else (int(times[0]), int(times[-1]))
