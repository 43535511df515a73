"""The options of ``livereduce simulate``, in a file of their own so that the command line needs no numpy."""

import argparse
from pathlib import Path

from livereduce.base.source_urls import ADARA

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
    played.add_argument("--nexus", type=Path, metavar="FILE", help="an SNS NeXus event file, played as runs")
    played.add_argument("--capture", type=Path, metavar="FILE", help="a recorded stream, played as recorded")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=ADARA.default_port, help="port to listen on, 0: any (%(default)s)")
    parser.add_argument(
        "--speed",
        type=_not_negative,
        default=1.0,
        help="speed relative to real time, 0: as fast as the client reads (1)",
    )
    parser.add_argument(
        "--prefill", type=_not_negative, default=0.0, metavar="S", help="seconds of data available at the start"
    )
    parser.add_argument("--rate", type=_positive, help=f"events a second, with --powder ({DEFAULT_RATE:.0f})")
    parser.add_argument("--runs", type=_count, help="number of runs, 0: endless (0; not with --capture)")
    parser.add_argument("--run-seconds", type=_positive, help="length of a run (60, or the file; not with --capture)")
    parser.add_argument("--gap-seconds", type=_not_negative, help="time between runs (3; not with --capture)")
