"""A stream server with a run in progress: so many events are there at once; then no more come, or the run goes on.

Prints a line when it is ready, and the moment (CLOCK_MONOTONIC) at which each client asks for the run.
"""

import argparse
import os
import signal
import time

from livereduce.base.times import NS_PER_S, epics_ns
from livereduce.simulate.adara.play import Play, perform
from livereduce.simulate.adara.server import Server
from livereduce.simulate.beams.beam import PULSES_PER_S
from livereduce.simulate.beams.powder import BANKS
from livereduce.simulate.beams.powder_beam import PowderBeam

LEAD_S = 1.0
"""The play has this much beam before its first run."""
HELD_BACK_S = 1 / PULSES_PER_S
"""A real server sends a pulse when it has the next one, which brings its charge."""
GROWS_S = 45.0
"""Then a growing run ends, and another begins: its files are given up."""
STANDSTILL = 1e-9
MANY_BANKS = 32


def beam_of(options: argparse.Namespace) -> PowderBeam:
    """The beam that the options ask for; pulses with many events have next to nothing else."""
    bare = options.events_per_pulse >= 100_000
    return PowderBeam(
        options.events_per_pulse * PULSES_PER_S,
        pixels=options.pixels,
        banks=MANY_BANKS if options.by_bank else BANKS,
        in_order=options.by_bank,
        choppers=0 if bare else 4,
        monitor_events=0 if bare else 10,
    )


def main() -> None:
    """Serve until SIGTERM, or until the parent is gone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events-per-pulse", type=int, required=True)
    parser.add_argument("--events", type=int, required=True, help="events in the run at the start, about")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--pixels", type=int, default=4096)
    parser.add_argument("--by-bank", action="store_true", help="many banks, and the times of each in order")
    parser.add_argument("--grows", action="store_true", help="the run goes on, 60 pulses a second")
    options = parser.parse_args()
    run_s = options.events / options.events_per_pulse / PULSES_PER_S
    origin_ns = epics_ns(time.time()) - round((run_s + LEAD_S) * NS_PER_S)
    play = Play(origin_ns=origin_ns, acts=perform(beam_of(options), origin_ns=origin_ns, run_s=run_s + GROWS_S))
    server = Server(
        play,
        port=options.port,
        speed=1.0 if options.grows else STANDSTILL,
        prefill_s=run_s + LEAD_S - (HELD_BACK_S if options.grows else 0.0),
        say=lambda line: print(f"{time.monotonic():.6f} {line}", flush=True),
    )
    stopped: list[int] = []
    parent = os.getppid()
    signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    while not server.caught_up and os.getppid() == parent:
        server.step(0.0)
    print(f"{time.monotonic():.6f} listening on {server.address[0]}:{server.address[1]}", flush=True)
    # Whoever was killed that wanted it: a run that grows must not fill the machine.
    server.serve_forever(lambda: bool(stopped) or os.getppid() != parent)
    server.close()


if __name__ == "__main__":
    main()
