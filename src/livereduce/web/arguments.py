"""The arguments of ``livereduce web``, apart from its server: ``livereduce --help`` must work without its packages."""

from argparse import ArgumentParser
from pathlib import Path


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``livereduce web``."""
    parser.add_argument(
        "configurations",
        nargs="*",
        type=Path,
        metavar="CONF",
        help="configuration files (default /etc/livereduce.conf)",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1: this host only)")
    parser.add_argument("--port", type=int, default=8090, help="port to listen on (default 8090; 0: any free one)")
    parser.add_argument(
        "--name", action="append", metavar="NAME", help="another host name under which people open this page"
    )
    parser.add_argument(
        "--root-path",
        default="",
        metavar="PATH",
        help="path under which a proxy shows this page, such as /livereduce/bl11a (default: the root of its server)",
    )
    parser.add_argument(
        "--peer", action="extend", nargs="+", metavar="URL", help="address of another page to show in the overview"
    )
    parser.add_argument(
        "--beside",
        action="append",
        metavar="ID=DIR",
        help="folder of an instrument's runs that were reduced again: the run table shows what they reported, too",
    )
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE", help="file with the token that allows a restart from the page"
    )
