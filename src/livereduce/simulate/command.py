"""``livereduce simulate``: which play, how fast, where."""

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

from livereduce.errors import ExitCode, OperatorError
from livereduce.simulate.capture import capture_play
from livereduce.simulate.nexus import read_nexus
from livereduce.simulate.nexus_beam import NexusBeam
from livereduce.simulate.play import Beam, Play, head_start_s, lead_s, perform
from livereduce.simulate.powder_beam import PowderBeam
from livereduce.simulate.server import Server
from livereduce.stream.adara.layout import NS_PER_S, epics_ns

DEFAULT_RATE = 100_000.0
DEFAULT_GAP_S = 3.0


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, not {text}")
    return value


def _not_negative(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number of at least 0, not {text}")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 0, not {text}")
    return value


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    played = parser.add_mutually_exclusive_group(required=True)
    played.add_argument("--powder", action="store_true", help="a synthetic powder diffractometer")
    played.add_argument("--nexus", type=Path, metavar="FILE", help="a NeXus event file of SNS, as runs")
    played.add_argument("--capture", type=Path, metavar="FILE", help="bytes that a client once got, as they are")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=31415, help="port to listen on, 0: any (%(default)s)")
    parser.add_argument("--speed", type=_not_negative, default=1.0, help="x real time, 0: as fast as it is taken (1)")
    parser.add_argument(
        "--prefill", type=_not_negative, default=0.0, metavar="S", help="seconds that are there at once"
    )
    parser.add_argument("--rate", type=_positive, help=f"events a second, with --powder ({DEFAULT_RATE:.0f})")
    parser.add_argument("--runs", type=_count, help="how many runs, 0: without end (0; not with --capture)")
    parser.add_argument("--run-seconds", type=_positive, help="length of a run (60, or the file; not with --capture)")
    parser.add_argument("--gap-seconds", type=_not_negative, help="time between runs (3; not with --capture)")


def _beam_play(beam: Beam, options: argparse.Namespace) -> Play:
    """Runs of a beam, on a time that begins so that the play ends, or goes on, at the wall clock's."""
    run_s = options.run_seconds or beam.run_s
    gap_s = DEFAULT_GAP_S if options.gap_seconds is None else options.gap_seconds
    runs = options.runs or 0
    played_s = lead_s(gap_s) + runs * (run_s + gap_s) if runs else None
    early_s = head_start_s(speed=options.speed, prefill_s=options.prefill, played_s=played_s)
    origin_ns = epics_ns(time.time()) - round(early_s * NS_PER_S)
    return Play(origin_ns=origin_ns, acts=perform(beam, origin_ns=origin_ns, runs=runs, run_s=run_s, gap_s=gap_s))


def play_of(options: argparse.Namespace) -> Play:
    """The play that the options ask for.

    Raises
    ------
    OperatorError
        A file cannot be played, or options contradict each other.
    """
    if options.rate is not None and not options.powder:
        raise OperatorError("--rate goes with --powder only: a file has its own rate")
    if options.powder:
        return _beam_play(PowderBeam(options.rate or DEFAULT_RATE), options)
    if options.nexus is not None:
        return _beam_play(NexusBeam(read_nexus(options.nexus)), options)
    for name in ("runs", "run_seconds", "gap_seconds"):
        if getattr(options, name) is not None:
            raise OperatorError(f"--{name.replace('_', '-')} does not go with --capture: it is played as it is")
    return capture_play(options.capture)


def _serve(options: argparse.Namespace) -> None:
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
    except OSError as error:
        raise OperatorError(f"cannot keep the stream in {tempfile.gettempdir()} (TMPDIR): {error.strerror}") from None
    finally:
        server.close()


def run_command(options: argparse.Namespace) -> int:
    """Serve until everything is played and sent, or until SIGINT or SIGTERM; the exit code."""
    try:
        _serve(options)
    except OperatorError as error:
        for problem in error.problems:
            print(f"livereduce simulate: {problem}", file=sys.stderr)
        return ExitCode.UNUSABLE
    return ExitCode.OK
