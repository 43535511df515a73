"""A stream server with a run in progress: so many events are there at once, and nothing more comes.

Prints a line when it is ready, and the moment (CLOCK_MONOTONIC) at which each client asks for the run.
"""

import argparse
import signal
import time

from livereduce.base.times import NS_PER_S, epics_ns
from livereduce.simulate.adara.play import Play, perform
from livereduce.simulate.adara.server import Server
from livereduce.simulate.beams.beam import PULSES_PER_S
from livereduce.simulate.beams.powder_beam import PowderBeam

LEAD_S = 1.0
"""The play has this much beam before its first run."""
STANDSTILL = 1e-9


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events-per-pulse", type=int, required=True)
    parser.add_argument("--events", type=int, required=True, help="events in the run, about")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--pixels", type=int, default=4096)
    options = parser.parse_args()
    bare = options.events_per_pulse >= 100_000
    beam = PowderBeam(
        options.events_per_pulse * PULSES_PER_S,
        pixels=options.pixels,
        choppers=0 if bare else 4,
        monitor_events=0 if bare else 10,
    )
    run_s = options.events / options.events_per_pulse / PULSES_PER_S
    origin_ns = epics_ns(time.time()) - round((run_s + LEAD_S) * NS_PER_S)
    play = Play(origin_ns=origin_ns, acts=perform(beam, origin_ns=origin_ns, run_s=10 * run_s))
    server = Server(
        play,
        port=options.port,
        speed=STANDSTILL,
        prefill_s=run_s + LEAD_S,
        say=lambda line: print(f"{time.monotonic():.6f} {line}", flush=True),
    )
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    while not server.caught_up:
        server.step(0.0)
    print(f"{time.monotonic():.6f} listening on {server.address[0]}:{server.address[1]}", flush=True)
    server.serve_forever(lambda: bool(stopped))
    server.close()


if __name__ == "__main__":
    main()
