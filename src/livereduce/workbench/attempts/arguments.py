"""The arguments of ``livereduce try``, apart from what carries it out: ``livereduce --help`` needs no packages."""

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path

LIVE, SERVICE = "live", "service"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``livereduce try``."""
    parser.add_argument(
        "configuration", nargs="?", type=Path, metavar="CONF", help="configuration file (default /etc/livereduce.conf)"
    )
    parser.add_argument("--proc", type=Path, metavar="FILE", help="this proc instead of the configuration's")
    parser.add_argument("--post-proc", type=Path, metavar="FILE", help="this post_proc instead of the configuration's")
    parser.add_argument(
        "--on",
        default=LIVE,
        metavar="FILE|RUN|live",
        help="an event file or a recording; a recorded run by its number; the run that the service is taking (default)",
    )
    parser.add_argument("--chunks", type=_positive, metavar="N", help="only the first N chunks")
    parser.add_argument("--until", type=_positive, metavar="EVENTS", help="only the first so many events")
    parser.add_argument("--watch", action="store_true", help="try again at each save of the scripts")
    parser.add_argument(
        "--against",
        metavar="FOLDER|service",
        help="compare with the scripts of a folder, or with the service's result of the run",
    )
    parser.add_argument("--web", action="store_true", help="serve the status page of the attempts, on this host only")


def _positive(text: str) -> int:
    """A whole number from 1 on, also as 1e6."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if number < 1 or number != int(number):
        raise ArgumentTypeError(f"expected a whole number from 1 on, got {text!r}")
    return int(number)
