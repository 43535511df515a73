"""The ``livereduce`` command. Every subcommand imports what it needs itself: the daemon's must work without numpy."""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from livereduce import __version__
from livereduce.base.errors import ExitCode, OperatorError
from livereduce.base.extras import EXTRA_OF, how_to_install
from livereduce.base.source_urls import forms
from livereduce.base.visible import take_any_text


@dataclass(frozen=True, slots=True)
class _Command:
    name: str
    help: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    act: Callable[[argparse.Namespace], int]


def _configuration(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "configuration", nargs="?", type=Path, metavar="CONF", help="configuration file (default /etc/livereduce.conf)"
    )


def _run(options: argparse.Namespace) -> int:
    from livereduce.daemon.run import run

    return run(options.configuration)


def _check(options: argparse.Namespace) -> int:
    from livereduce.commands.check import check

    return check(options.configuration, sys.stdout)


def _status_arguments(parser: argparse.ArgumentParser) -> None:
    _configuration(parser)
    parser.add_argument("--json", action="store_true", help="print the whole status as JSON")


def _status(options: argparse.Namespace) -> int:
    from livereduce.commands.status import show_status

    return show_status(options.configuration, options.json, sys.stdout)


def _runs_arguments(parser: argparse.ArgumentParser) -> None:
    _configuration(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", dest="form", action="store_const", const="csv", help="print a table for a spreadsheet")
    parser.add_argument(
        "--beside",
        type=Path,
        metavar="DIR",
        help="folder of runs that were reduced again: what they reported is shown too",
    )
    form.add_argument("--json", dest="form", action="store_const", const="json", help="print everything as JSON")


def _runs(options: argparse.Namespace) -> int:
    from livereduce.commands.runs import show_runs

    return show_runs(options.configuration, options.form or "", options.beside, sys.stdout)


def _promote_arguments(parser: argparse.ArgumentParser) -> None:
    _configuration(parser)
    parser.add_argument("--undo", action="store_true", help="take back what was promoted last")


def _promote(options: argparse.Namespace) -> int:
    from livereduce.commands.promote import promote

    return promote(options.configuration, options.undo, sys.stdout)


def _inspect_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stream", metavar=f"FILE|{forms()}")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long to listen to a live port (default 10)")


def _inspect(options: argparse.Namespace) -> int:
    from livereduce.commands.inspect import inspect

    return inspect(options.stream, as_json=options.json, seconds=options.seconds, out=sys.stdout)


def _record_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stream", metavar="URL", help="stream server, adara://HOST:PORT")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="directory for the folders of runs")
    parser.add_argument("--instrument", default="", help="first part of their names (default: stream)")
    parser.add_argument("--keep-runs", type=int, metavar="N", help="delete the oldest recordings beyond N runs")
    parser.add_argument("--keep-gb", type=float, metavar="GB", help="delete the oldest recordings beyond this size")
    parser.add_argument("--now", action="store_true", help="begin now, not at the start of the present run")


def _record(options: argparse.Namespace) -> int:
    from livereduce.commands.record import record

    return record(
        options.stream,
        options.out,
        instrument=options.instrument,
        keep_runs=options.keep_runs,
        keep_gb=options.keep_gb,
        now=options.now,
        out=sys.stdout,
    )


def _reproduce_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("result", type=Path, metavar="RESULT", help="the file of a result, such as result.nxs")
    parser.add_argument(
        "--from",
        dest="source",
        metavar="FILE|RUN",
        help="an event file or a recording of the run (default: the file that the result was made from)",
    )
    parser.add_argument("--recordings", type=Path, metavar="DIR", help="where to look for the recording of RUN")


def _reproduce(options: argparse.Namespace) -> int:
    from livereduce.commands.reproduce import reproduce_command

    return reproduce_command(options.result, options.source, options.recordings, sys.stdout)


def _simulate_arguments(parser: argparse.ArgumentParser) -> None:
    from livereduce.simulate.arguments import add_arguments

    add_arguments(parser)


def _simulate(options: argparse.Namespace) -> int:
    from livereduce.commands.simulate import run_command

    return run_command(options)


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="stop after two runs")


def _demo(options: argparse.Namespace) -> int:
    from livereduce.commands.demo import demo

    return demo(once=options.once, out=sys.stdout)


def _try_arguments(parser: argparse.ArgumentParser) -> None:
    from livereduce.workbench.attempts.arguments import add_arguments

    add_arguments(parser)


def _try(options: argparse.Namespace) -> int:
    from livereduce.commands.trying.scripts import try_scripts

    return try_scripts(options, sys.stdout)


def _reduce_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs", nargs="+", metavar="RUNS", help="NeXus files, folders of recordings, patterns, or run numbers"
    )
    parser.add_argument("--config", type=Path, metavar="CONF", help="configuration (default /etc/livereduce.conf)")
    parser.add_argument("--scripts", type=Path, metavar="DIR", help="use the scripts of this directory")
    parser.add_argument("--recordings", type=Path, metavar="DIR", help="where recordings are, for run numbers")
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("reduced"), help="products (default reduced)")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--jobs", type=_jobs, metavar="N", default=1, help="how many at a time on this host (default 1)")
    who.add_argument("--dask", metavar="ADDRESS", help="do it on a Dask cluster: tls://HOST:PORT of its scheduler")


def _jobs(text: str) -> int:
    jobs = int(text)
    if jobs < 1:
        raise ValueError
    return jobs


def _reduce(options: argparse.Namespace) -> int:
    from livereduce.commands.reduce import reduce

    return reduce(options, sys.stdout)


def _pvs(options: argparse.Namespace) -> int:
    from livereduce.pvs.serve import serve

    return serve(options.configuration)


def _web_arguments(parser: argparse.ArgumentParser) -> None:
    from livereduce.web.arguments import add_arguments

    add_arguments(parser)


def _web(options: argparse.Namespace) -> int:
    from livereduce.web.server import serve

    return serve(options)


def _notify_arguments(parser: argparse.ArgumentParser) -> None:
    _configuration(parser)
    parser.add_argument("--try", dest="entry", type=int, metavar="N", help="send a test message through entry N")


def _notify(options: argparse.Namespace) -> int:
    if options.entry is not None:
        from livereduce.notify.trying import try_entry

        return try_entry(options.entry, options.configuration, os.environ, sys.stdout)
    from livereduce.notify.main import notify

    return notify(options.configuration, os.environ, Path.cwd())


def _install_units_arguments(parser: argparse.ArgumentParser) -> None:
    scope = parser.add_mutually_exclusive_group(required=True)
    scope.add_argument("--user", action="store_true", help="install for your own user, without root")
    scope.add_argument("--system", action="store_true", help="install for this host, as the RPM does")


def _install_units(options: argparse.Namespace) -> int:
    from livereduce.commands.install_units import install_units

    return install_units(user=options.user, out=sys.stdout)


def _no_arguments(parser: argparse.ArgumentParser) -> None:
    """None: the command takes none."""


def _install_kernels(_options: argparse.Namespace) -> int:
    from livereduce.commands.install_kernels import install_kernels

    return install_kernels(sys.stdout)


_COMMANDS = (
    _Command("run", "run the daemon in the foreground", _configuration, _run),
    _Command("check", "check a configuration: show every setting and every problem", _configuration, _check),
    _Command(
        "status",
        "show the status of the daemon; exit code 0: ok, 1: needs attention, 2: down",
        _status_arguments,
        _status,
    ),
    _Command("runs", "show the runs with their state and what the scripts reported", _runs_arguments, _runs),
    _Command("try", "try scripts on a file, a recorded run or the live one, harming nobody", _try_arguments, _try),
    _Command("reduce", "reduce many files or recorded runs again", _reduce_arguments, _reduce),
    _Command("promote", "put the scripts of shadow_dir in the place of those in use", _promote_arguments, _promote),
    _Command("inspect", "show the contents of a recorded or live ADARA stream", _inspect_arguments, _inspect),
    _Command("record", "record an ADARA stream, without a service", _record_arguments, _record),
    _Command(
        "reproduce",
        "make a result again and compare it to the bit; exit code 0: identical, 1: different",
        _reproduce_arguments,
        _reproduce,
    ),
    _Command("simulate", "run a simulated stream server for tests", _simulate_arguments, _simulate),
    _Command("web", "serve the status page, live plots and metrics", _web_arguments, _web),
    _Command("pvs", "serve results as values of the control system (EPICS)", _configuration, _pvs),
    _Command(
        "notify",
        "tell people and programs what happens: commands, web hooks, heartbeat",
        _notify_arguments,
        _notify,
    ),
    _Command(
        "install-kernels", "compile what the builtin engine needs, for this machine", _no_arguments, _install_kernels
    ),
    _Command("install-units", "write the systemd units", _install_units_arguments, _install_units),
    _Command("demo", "run a simulated beamline on this machine", _demo_arguments, _demo),
)


def command_line() -> argparse.ArgumentParser:
    """The parser of every command and its options."""
    parser = argparse.ArgumentParser(prog="livereduce", description="Live reduction of neutron scattering data.")
    parser.add_argument("--version", action="version", version=f"livereduce {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in _COMMANDS:
        each = commands.add_parser(command.name, help=command.help, description=command.help.capitalize() + ".")
        command.add_arguments(each)
        each.set_defaults(act=command.act)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run one command; problems that an operator must solve are printed one sentence each and end it with code 78."""
    take_any_text(sys.stdout, sys.stderr)
    options = command_line().parse_args(argv)
    try:
        code: int = options.act(options)
    except OperatorError as error:
        for problem in error.problems:
            print(f"livereduce {options.command}: {problem}", file=sys.stderr)
        return ExitCode.UNUSABLE
    except ModuleNotFoundError as error:
        extra = EXTRA_OF.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        extra = "web" if options.command == "web" else extra  # this extra brings numpy and h5py as well
        needs = f"livereduce {options.command} needs {error.name}, which {sys.executable} does not have"
        print(f"{needs}; install it: {how_to_install(extra, sys.executable)}", file=sys.stderr)
        return ExitCode.UNUSABLE
    except BrokenPipeError:
        # The reader of our output is gone (`livereduce inspect … | head`): there is nobody to print to.
        sys.stderr.close()
        return ExitCode.OK
    return code
