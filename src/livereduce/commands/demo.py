"""``livereduce demo``: a simulated stream server, the daemon, its worker and two scripts, with a running commentary.

Everything it starts is what a beamline would start, through the same commands; the demo itself only reads files that
anybody can read.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from livereduce.base.errors import ExitCode, OperatorError
from livereduce.base.source_urls import ADARA
from livereduce.commands.children import Child, child, signals_as_interrupt
from livereduce.commands.terminal.text_plot import curve
from livereduce.messages.status import FILE_NAME, StateWord, Status, read_status
from livereduce.publish.products.file import read_product

FOLDER = Path("livereduce-demo")
RATE, RUN_S, GAP_S, UPDATE_EVERY_S = 200_000, 12, 3, 2
PATIENCE_S = 120.0
"""The first start compiles the kernels, which takes most of a minute on a slow machine."""


def examples() -> Path:
    """Folder of the example scripts: in the installed package, or in the project of a checkout.

    Raises
    ------
    OperatorError
        It is in neither.
    """
    package = Path(__file__).resolve().parents[1]
    for place in (package / "examples", package.parents[1] / "examples"):
        if (place / "powder").is_dir():
            return place / "powder"
    raise OperatorError(f"the examples are missing: neither {package / 'examples'} nor in a checkout")


def demo(*, once: bool, out: TextIO) -> int:
    """Show a beamline at work until Ctrl-C (or SIGTERM), or with `once` until two runs have been reduced.

    Raises
    ------
    OperatorError
        The folder belongs to somebody else, or a program of the demo has ended by itself.
    """
    folder = _prepare(FOLDER.resolve())
    _say(out, "A simulated stream server plays runs of a powder diffractometer; livereduce reduces them live.")
    try:
        with signals_as_interrupt(), _simulator(folder) as (server, address):
            _configure(folder, address)
            with _daemon(folder) as daemon, page_of(folder) as (page, page_address):
                _introduce(folder, address, page_address, out)
                _watch(folder, (server, daemon), page, once, out)
    except KeyboardInterrupt:
        _say(out, "\nstopped")
    _say(out, f"\nresults        {_short(folder)}/state/products/<run>/result.nxs   (NeXus, for any viewer)")
    _say(out, f"log            {_short(folder)}/livereduce.log")
    return ExitCode.OK


def _introduce(folder: Path, address: str, page: str, out: TextIO) -> None:
    _say(out, f"page           {page}")
    _say(
        out,
        f"stream server  {ADARA.name}://{address}   (see what it sends: livereduce inspect {ADARA.name}://{address})",
    )
    _say(out, f"daemon         livereduce run {_short(folder / 'livereduce.conf')}")
    _say(out, f"status         livereduce status {_short(folder / 'livereduce.conf')}")
    _say(out, f"scripts        {_short(folder)}/reduce_POWDER_live_[post_]proc.py   (edit them and watch)\n")


def _say(out: TextIO, text: str) -> None:
    print(text, file=out, flush=True)


def _short(path: Path) -> str:
    """The path as one would type it here."""
    return os.path.relpath(path)


def _prepare(folder: Path) -> Path:
    """Make a new folder with the scripts; a folder that is not ours is left alone."""
    if folder.exists() and not (folder / "livereduce.conf").exists():
        raise OperatorError(f"{folder} already exists and was not made by an earlier demo; move it away")
    for old in ("run", "state"):
        shutil.rmtree(folder / old, ignore_errors=True)
    folder.mkdir(exist_ok=True)
    (folder / "livereduce.log").unlink(missing_ok=True)
    for script in examples().glob("*.py"):
        shutil.copy(script, folder)
    return folder


@contextmanager
def _simulator(folder: Path) -> Iterator[tuple[Child, str]]:
    arguments = ["simulate", "--powder", "--port", "0", "--rate", str(RATE)]
    arguments += ["--run-seconds", str(RUN_S), "--gap-seconds", str(GAP_S)]
    with child("the simulated stream server", arguments, folder, folder / "simulate.log") as server:
        if (address := _address(server)) is None:
            raise OperatorError(server.ended())
        yield server, address


@contextmanager
def page_of(folder: Path) -> Iterator[tuple[Child, str]]:
    """The server of the status page and its address; or why there is none, since the demo goes on without it."""
    with child("the page", ["web", "livereduce.conf", "--port", "0"], folder, folder / "web.log") as server:
        yield server, _address(server) or f"none: {server.log.read_text().strip()}"


def _address(server: Child) -> str | None:
    """Address of a server, from the first line it writes; None if it has ended instead."""
    while server.process.poll() is None:
        words = server.log.read_text().partition("\n")[0].split()
        if words[:2] == ["listening", "on"]:
            return words[2]
        time.sleep(0.05)
    return None


def _configure(folder: Path, address: str) -> None:
    configuration = {
        **json.loads((examples() / "livereduce.conf").read_text()),
        "source": f"{ADARA.name}://{address}",
        "update_every": UPDATE_EVERY_S,
        "script_dir": str(folder),
        "runtime_dir": str(folder / "run"),
        "state_dir": str(folder / "state"),
    }
    (folder / "livereduce.conf").write_text(json.dumps(configuration, indent=2) + "\n")


def _daemon(folder: Path) -> AbstractContextManager[Child]:
    return child("the daemon", ["run", "livereduce.conf"], folder, folder / "daemon.log")


@dataclass(slots=True, kw_only=True)
class _Told:
    """State of the commentary."""

    status: Status | None = None
    pictured: set[int] = field(default_factory=set)
    page_ended: bool = False


def _watch(folder: Path, needed: Sequence[Child], page: Child, once: bool, out: TextIO) -> None:
    """Report changes until two runs have ended, or forever.

    Raises
    ------
    OperatorError
        A program that is needed has ended by itself.
    """
    told = _Told(page_ended=bool(page.ended()))
    deadline = time.monotonic() + PATIENCE_S
    while True:
        _tell(folder, told, out)
        if once and len(told.pictured) == 2:
            return
        for one in needed:
            if ended := one.ended():
                raise OperatorError(ended)
        if not told.page_ended and (ended := page.ended()):
            _say(out, f"! {ended}\n")
            told.page_ended = True
        if once and time.monotonic() > deadline:
            raise OperatorError(f"two runs were not reduced in {PATIENCE_S:g} s; see {folder / 'livereduce.log'}")
        time.sleep(0.2)


def _tell(folder: Path, told: _Told, out: TextIO) -> None:
    """Report what has changed."""
    after = _status(folder)
    for line in narrate(told.status, after):
        _say(out, line)
    told.status = after or told.status
    for run, ended, product in _products(folder):
        if ended and run not in told.pictured:
            _say(out, f"\nrun {run} has ended; its result:")
            _say(out, picture(product) + "\n")
            told.pictured.add(run)


def _status(folder: Path) -> Status | None:
    try:
        return read_status(folder / "run" / FILE_NAME)
    except (OSError, ValueError):
        return None  # not written yet


def _products(folder: Path) -> list[tuple[int, bool, Path]]:
    """(run, ended, path of its result) of all real runs, oldest first."""
    place = folder / "state" / "products"
    try:
        index = json.loads((place / "index.json").read_text())
    except FileNotFoundError:
        return []
    found = [
        (run["run"], run["ended"], place / product["path"])
        for run in index["runs"]
        for product in run["products"]
        if run["run"] and product["name"] == "result"
    ]
    return sorted(found)


def picture(product: Path) -> str:
    """The result as text."""
    result = read_product(product)
    axis = result.axes[-1]
    label = f"{axis.name} ({axis.units}), {result.events:,} events"
    return "\n".join(curve(axis.values.tolist(), result.signal.tolist(), label=label))


def narrate(before: Status | None, after: Status | None) -> list[str]:
    """Sentences on what changed between two snapshots."""
    if after is None:
        return []
    lines = []
    if before is None or _told(before) != _told(after):
        lines.append(f"{_clock(after)}  {_words(after)}")
    old = before.progress if before is not None else None
    new = after.progress
    if new is not None and new.run.chunks and new.total.results > (old.total.results if old is not None else 0):
        where = f"run {new.run.number}" if new.run.number else "between runs"
        age = f", {new.source.data_age_s:.1f} s behind the beam" if new.source.data_age_s is not None else ""
        lines.append(
            f"{_clock(after)}  {where}: result {new.run.chunks} holds {new.run.events:,} events{age}"
            f"  (proc {new.steps.proc_s * 1e3:.0f} ms, post_proc {new.steps.post_proc_s * 1e3:.0f} ms)"
        )
    return lines


def _told(status: Status) -> tuple[object, ...]:
    """Values whose change is reported; that a script still runs is reported once, not every second."""
    return status.state, status.why.partition(" has been running for ")[0]


def _words(status: Status) -> str:
    why = f": {status.why}" if status.why else ""
    problems = "".join(f"\n          {problem}" for problem in status.problems if problem not in why)
    mark = "! " if status.state in (StateWord.PARKED, StateWord.DEGRADED, StateWord.RESTARTING) else ""
    return f"{mark}{status.state}{why}{problems}"


def _clock(status: Status) -> str:
    return status.updated[11:19]
