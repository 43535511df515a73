"""A play: acts in the order of the stream, each with the moment when it is due; and the edges of runs.

A play knows no clock and no socket. Moments are nanoseconds since 1990 on the beam's own time, which begins at
`Play.origin_ns`; the server decides how fast that time passes.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np

from livereduce.base.times import NS_PER_S
from livereduce.simulate.adara.beam_packets import BeamPackets
from livereduce.simulate.adara.passage import Passage, passage
from livereduce.simulate.beams.beam import Beam, pulse_times
from livereduce.stream.adara.wire import encode
from livereduce.stream.adara.wire.layout import RunStatusCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Begin a run, or the time between two: what was before is forgotten, a new file opens with a prologue.

    `closes` is the run status that ends the file before; `notes` are packets that change the prologue first,
    `annotations` are in this prologue only; `says` is for people.
    """

    due_ns: int
    status: RunStatusCode
    run: int
    start_s: int
    closes: RunStatusCode | None = None
    notes: tuple[bytes, ...] = ()
    annotations: tuple[bytes, ...] = ()
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMark:
    """Begin a recorded file; `container` if what was before is to be forgotten. Its packets follow as passages."""

    due_ns: int
    container: bool
    paused: bool
    run: int
    start_s: int
    says: str = ""


Act = Passage | Opening | FileMark


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Acts from `origin_ns` on."""

    origin_ns: int
    acts: Iterator[Act]


Timed = Generator[Act, None, int]
"""Acts, followed by the moment when they are over."""


def _until(passages: Iterable[Passage], end_ns: int) -> Generator[Passage, None, int]:
    """Passages up to a moment; returns it, or the next pulse's time if they end earlier by themselves."""
    over_ns = end_ns
    for each in passages:
        if each.due_ns[-1] >= end_ns:
            if each.due_ns[0] < end_ns:
                yield each.before(end_ns)
            return end_ns
        over_ns = int(each.due_ns[-1]) + pulse_times(1, 2)[0]
        yield each
    return over_ns


def _stopped(passages: Generator[Passage, None, int], stop: Callable[[int], Passage]) -> Timed:
    """The passages, with that of the stop before the last pulse, where a real server has it."""
    held: list[Passage] = []
    try:
        while True:
            each = next(passages)
            if not each.noted:
                yield from held
                held = []
            held.append(each)
    except StopIteration as end:
        over_ns = int(end.value)
    if held:
        last_ns = int(held[0].due_ns[-1])
        before, last = held[0].split(int(np.searchsorted(held[0].due_ns, last_ns, "left")))
        if len(before.due_ns):  # at a high rate a passage is one pulse
            yield before
        yield from (stop(last_ns), last, *held[1:])
    return over_ns


def _run(
    beam: Beam, packets: BeamPackets, run: int, start_ns: int, end_ns: int, equipment: tuple[bytes, ...] = ()
) -> Timed:
    """One run; the next opening closes it with END_RUN. `equipment`: what nobody has been told before."""
    xml = encode.run_info_xml(run=run, instrument=beam.instrument, title=beam.title, proposal=beam.proposal)
    yield Opening(
        due_ns=start_ns,
        status=RunStatusCode.NEW_RUN,
        run=run,
        start_s=start_ns // NS_PER_S,
        closes=None if equipment else RunStatusCode.NO_RUN,
        notes=(*equipment, *packets.values(start_ns), encode.run_info(start_ns, xml)),
        annotations=(encode.annotation(start_ns, f"Run {run} Started."),),
        says=f"run {run} started",
    )

    def stop(now_ns: int) -> Passage:
        return passage([encode.annotation(now_ns, f"Run {run} Stopped.")], now_ns, noted=False)

    return (yield from _stopped(_until(packets.run(start_ns), end_ns), stop))


def perform(
    beam: Beam, *, origin_ns: int, runs: int = 0, run_s: float | None = None, gap_s: float = 3.0
) -> Iterator[Act]:
    """Runs (0: without end) with `gap_s` of beam between and after them, as a real server puts them on the wire."""
    now_ns, says = origin_ns, ""
    closes: RunStatusCode | None = None
    packets = BeamPackets(beam)
    notes = (*packets.equipment(now_ns), *packets.values(now_ns))
    gap_ns = round(lead_s(gap_s) * NS_PER_S)
    for run in count(beam.first_run):
        yield Opening(
            due_ns=now_ns, status=RunStatusCode.NO_RUN, run=0, start_s=0, closes=closes, notes=notes, says=says
        )
        now_ns = yield from _until(packets.between(now_ns), now_ns + gap_ns)
        if runs and run == beam.first_run + runs:
            return
        end_ns = now_ns + round((beam.run_s if run_s is None else run_s) * NS_PER_S)
        now_ns = yield from _run(beam, packets, run, now_ns, end_ns)
        notes, gap_ns = (), round(gap_s * NS_PER_S)
        closes, says = RunStatusCode.END_RUN, f"run {run} stopped"


def perform_one(beam: Beam, *, start_ns: int, end_ns: int) -> Iterator[Act]:
    """One run from its first moment on, without any beam before it; it is ended before `end_ns`, or where it ends."""
    packets = BeamPackets(beam)
    equipment = tuple(packets.equipment(start_ns))
    over_ns = yield from _run(beam, packets, beam.first_run, start_ns, end_ns, equipment)
    yield the_end(beam.first_run, over_ns)


def the_end(run: int, due_ns: int) -> Opening:
    """What closes a run after which nothing is played."""
    closes = RunStatusCode.END_RUN
    return Opening(
        due_ns=due_ns, status=RunStatusCode.NO_RUN, run=0, start_s=0, closes=closes, says=f"run {run} stopped"
    )


def lead_s(gap_s: float) -> float:
    """Seconds of beam before the first run."""
    return min(gap_s, 1.0)


def head_start_s(*, speed: float, prefill_s: float, played_s: float | None) -> float:
    """Seconds before the wall clock at which the beam's time must begin.

    A play faster than the clock would end with stamps in the future; if its length is known (`played_s`), it begins so
    much earlier that it ends now. `prefill_s` of it are available at once.
    """
    if played_s is None or 0 < speed <= 1:
        return prefill_s
    return prefill_s + max(played_s - prefill_s, 0.0) * (1 - 1 / speed if speed else 1.0)
