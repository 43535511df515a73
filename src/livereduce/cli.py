"""The ``livereduce`` command. Every subcommand imports what it needs itself: the daemon's must work without numpy."""

import argparse
import sys
from pathlib import Path

from livereduce import __version__
from livereduce.errors import ExitCode, OperatorError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="livereduce", description="Live reduction of neutron scattering data.")
    parser.add_argument("--version", action="version", version=f"livereduce {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_add_run, _add_check, _add_status, _add_inspect, _add_simulate, _add_demo):
        add(commands)
    return parser


Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def _add_configuration(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "configuration", nargs="?", type=Path, metavar="CONF", help="configuration file (default /etc/livereduce.conf)"
    )


def _add_run(commands: Commands) -> None:
    parser = commands.add_parser("run", help="run the daemon in the foreground")
    _add_configuration(parser)
    parser.set_defaults(act=_run)


def _run(options: argparse.Namespace) -> int:
    from livereduce.daemon.run import run

    return run(options.configuration)


def _add_check(commands: Commands) -> None:
    parser = commands.add_parser("check", help="say what a configuration means here, and everything wrong with it")
    _add_configuration(parser)
    parser.set_defaults(act=_check)


def _check(options: argparse.Namespace) -> int:
    from livereduce.check import check

    return check(options.configuration, sys.stdout)


def _add_status(commands: Commands) -> None:
    parser = commands.add_parser("status", help="say how the daemon is doing; exit code 0 well, 1 not well, 2 down")
    _add_configuration(parser)
    parser.add_argument("--json", action="store_true", help="the whole snapshot as JSON")
    parser.set_defaults(act=_status)


def _status(options: argparse.Namespace) -> int:
    from livereduce.status import show_status

    return show_status(options.configuration, options.json, sys.stdout)


def _add_inspect(commands: Commands) -> None:
    parser = commands.add_parser("inspect", help="say what is in a recorded or live ADARA stream")
    parser.add_argument("stream", metavar="FILE|adara://HOST:PORT")
    parser.add_argument("--json", action="store_true", help="everything as JSON")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long to listen to a live port (default 10)")
    parser.set_defaults(act=_inspect)


def _inspect(options: argparse.Namespace) -> int:
    from livereduce.stream.adara.inspect import inspect

    return inspect(options.stream, as_json=options.json, seconds=options.seconds, out=sys.stdout)


def _add_simulate(commands: Commands) -> None:
    parser = commands.add_parser("simulate", help="be a stream server to test against")
    parser.set_defaults(act=_simulate)
    try:
        from livereduce.simulate.command import add_arguments
    except ImportError as error:
        parser.set_defaults(missing=str(error))
        return
    add_arguments(parser)


def _simulate(options: argparse.Namespace) -> int:
    from livereduce.simulate.command import run_command

    return run_command(options)


def _add_demo(commands: Commands) -> None:
    parser = commands.add_parser("demo", help="see a beamline at work on this machine")
    parser.add_argument("--once", action="store_true", help="end after two runs")
    parser.set_defaults(act=_demo)


def _demo(options: argparse.Namespace) -> int:
    from livereduce.demo import demo

    return demo(once=options.once, out=sys.stdout)


def main(argv: list[str] | None = None) -> int:
    """Run one command; problems that an operator must solve end it with code 78, a sentence each."""
    options = _parser().parse_args(argv)
    try:
        code: int = options.act(options)
    except OperatorError as error:
        for problem in error.problems:
            print(f"livereduce {options.command}: {problem}", file=sys.stderr)
        return ExitCode.UNUSABLE
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("numpy", "numba", "scipp", "h5py"):
            raise
        print(f"livereduce {options.command} needs {error.name}: pip install 'livereduce[builtin]'", file=sys.stderr)
        return ExitCode.UNUSABLE
    except BrokenPipeError:
        # The reader of our output went away (`livereduce inspect … | head`): nothing is left to say.
        sys.stderr.close()
        return ExitCode.OK
    return code
