"""``livereduce simulate``: choose the play, its speed and its address, and serve it."""

import argparse
import signal
import tempfile
import time

from livereduce.base.errors import ExitCode, OperatorError
from livereduce.base.times import NS_PER_S, epics_ns
from livereduce.simulate.adara.capture import capture_play
from livereduce.simulate.adara.play import Play, head_start_s, lead_s, perform
from livereduce.simulate.adara.server import Server
from livereduce.simulate.arguments import DEFAULT_GAP_S, DEFAULT_RATE
from livereduce.simulate.beams.beam import Beam
from livereduce.simulate.beams.nexus import read_nexus
from livereduce.simulate.beams.nexus_beam import NexusBeam
from livereduce.simulate.beams.powder_beam import PowderBeam


def _beam_play(beam: Beam, options: argparse.Namespace) -> Play:
    """Runs of a beam, started early enough that the play ends, or goes on, at the wall clock's time."""
    run_s = options.run_seconds or beam.run_s
    gap_s = DEFAULT_GAP_S if options.gap_seconds is None else options.gap_seconds
    runs = options.runs or 0
    played_s = lead_s(gap_s) + runs * (run_s + gap_s) if runs else None
    early_s = head_start_s(speed=options.speed, prefill_s=options.prefill, played_s=played_s)
    origin_ns = epics_ns(time.time()) - round(early_s * NS_PER_S)
    return Play(origin_ns=origin_ns, acts=perform(beam, origin_ns=origin_ns, runs=runs, run_s=run_s, gap_s=gap_s))


def play_of(options: argparse.Namespace) -> Play:
    """The play for the given options."""
    if options.rate is not None and not options.powder:
        raise OperatorError("--rate only works with --powder: a file has its own rate")
    if options.powder:
        return _beam_play(PowderBeam(options.rate or DEFAULT_RATE), options)
    if options.nexus is not None:
        recorded = read_nexus(options.nexus)
        for note in recorded.notes:
            print(f"{options.nexus}: {note}", flush=True)
        return _beam_play(NexusBeam(recorded), options)
    for name in ("runs", "run_seconds", "gap_seconds"):
        if getattr(options, name) is not None:
            raise OperatorError(
                f"--{name.replace('_', '-')} does not work with --capture: a capture is played as recorded"
            )
    return capture_play(options.capture)


def run_command(options: argparse.Namespace) -> int:
    """Serve until everything is played and sent, or until SIGINT or SIGTERM; return the exit code.

    Raises
    ------
    OperatorError
        Something cannot be played, listened on or stored.
    """
    play = play_of(options)

    def say(line: str) -> None:
        print(line, flush=True)

    try:
        server = Server(
            play, host=options.host, port=options.port, speed=options.speed, prefill_s=options.prefill, say=say
        )
    except OSError as error:
        raise OperatorError(f"cannot listen on {options.host}:{options.port}: {error.strerror}") from None
    stopped: list[int] = []
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda number, _: stopped.append(number))
    host, port = server.address
    say(f"listening on {host}:{port}")
    try:
        server.serve_forever(lambda: bool(stopped))
    except BrokenPipeError:
        raise  # Nobody reads our output any more: the command line handles that.
    except OSError as error:
        raise OperatorError(f"cannot store the stream in {tempfile.gettempdir()} (TMPDIR): {error.strerror}") from None
    finally:
        server.close()
    return ExitCode.OK
