"""A play with a pause in its run, and a stream server as a process: ``python pausing.py pause|runs SECONDS``.

What a real server was seen to do: the annotation, RUN_EOF, and then nothing until after the resume, while the paused
data go into a file of their own, which only those get who join in the pause.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager

from helpers.paths import ROOT
from helpers.served import powder_play
from livereduce.base.times import NS_PER_S, epics_ns
from livereduce.simulate.adara.beam_packets import BeamPackets
from livereduce.simulate.adara.passage import Passage, passage
from livereduce.simulate.adara.play import Act, FileMark, Opening, Play
from livereduce.simulate.adara.server import Server
from livereduce.simulate.beams.powder_beam import PowderBeam
from livereduce.stream.adara.wire import encode
from livereduce.stream.adara.wire.layout import Note, RunStatusCode


def paused_play(origin_ns: int, *, run: int, before_s: float, pause_s: float, after_s: float) -> Play:
    """Between runs for half a second, then a run of 60 Hz with a pause in it, then between runs without end."""
    start_ns = origin_ns + _ns(0.5)
    paused_ns = start_ns + _ns(before_s)
    resumed_ns = paused_ns + _ns(pause_s)
    over_ns = resumed_ns + _ns(after_s)
    return Play(origin_ns=origin_ns, acts=_acts(run, origin_ns, start_ns, paused_ns, resumed_ns, over_ns))


def _acts(run: int, origin_ns: int, start_ns: int, paused_ns: int, resumed_ns: int, over_ns: int) -> Iterator[Act]:
    beam, start_s = BeamPackets(PowderBeam(1200.0, pixels=64)), start_ns // NS_PER_S
    notes = (*beam.equipment(origin_ns), *beam.values(origin_ns))
    yield Opening(due_ns=origin_ns, status=RunStatusCode.NO_RUN, run=0, start_s=0, notes=notes)
    yield from _until(beam.between(origin_ns), start_ns)
    yield Opening(due_ns=start_ns, status=RunStatusCode.NEW_RUN, run=run, start_s=start_s, closes=RunStatusCode.NO_RUN)
    pulses = yield from _part(beam.run(start_ns), paused_ns)
    note = encode.annotation(paused_ns, f"Run {run} Paused.", note=Note.PAUSE)
    yield passage([note, encode.run_status(paused_ns, RunStatusCode.RUN_EOF, run, start_s, mode=1)], paused_ns)
    yield FileMark(due_ns=paused_ns, container=False, paused=True, run=run, start_s=start_s)
    paused_file = encode.run_status(paused_ns, RunStatusCode.RUN_BOF, run, start_s, paused=True, pause_file=1)
    yield passage([paused_file, note], paused_ns)
    pulses = yield from _part(pulses, resumed_ns)
    yield FileMark(due_ns=resumed_ns, container=False, paused=False, run=run, start_s=start_s)
    again = encode.run_status(resumed_ns, RunStatusCode.RUN_BOF, run, start_s, mode=3)
    yield passage([again, encode.annotation(resumed_ns, f"Run {run} Resumed.", note=Note.RESUME)], resumed_ns)
    yield from _part(pulses, over_ns)
    yield Opening(due_ns=over_ns, status=RunStatusCode.NO_RUN, run=0, start_s=0, closes=RunStatusCode.END_RUN)
    yield from beam.between(over_ns)


def _ns(seconds: float) -> int:
    return round(seconds * NS_PER_S)


def _until(pulses: Iterator[Passage], end_ns: int) -> Iterator[Passage]:
    for each in pulses:
        if each.due_ns[0] >= end_ns:
            return
        yield each.before(end_ns)


def _part(pulses: Iterator[Passage], end_ns: int) -> Generator[Act, None, Iterator[Passage]]:
    """The pulses up to a moment; returns the rest."""
    for each in pulses:
        if each.due_ns[-1] < end_ns:
            yield each
            continue
        before = each.before(end_ns)
        if before.due_ns.size:
            yield before
        _, rest = each.split(before.due_ns.size)
        return _after(rest, pulses)
    return iter(())


def _after(rest: Passage, pulses: Iterator[Passage]) -> Iterator[Passage]:
    yield rest
    yield from pulses


@contextmanager
def stoppable(kind: str, seconds: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server as a process of its own, which can be stopped (see `main`); and its port."""
    environ = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'test'}"}
    command = [sys.executable, __file__, kind, seconds]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout
            yield child, int(child.stdout.readline())
        finally:
            child.kill()
            child.send_signal(signal.SIGCONT)


def main() -> None:
    """A run with a pause of so many seconds, or runs of so many seconds, at the pace of the clock; prints its port."""
    kind, seconds, origin_ns = sys.argv[1], float(sys.argv[2]), epics_ns(time.time())
    if kind == "pause":
        play = paused_play(origin_ns, run=10, before_s=1.5, pause_s=seconds, after_s=1.0)
    else:
        play = powder_play(runs=50, run_s=seconds, gap_s=0.3, origin_ns=origin_ns)
    server = Server(play, speed=1.0)
    print(server.address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
