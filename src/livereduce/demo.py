"""``livereduce demo``: a simulated stream server, the daemon, its worker and two scripts, and what they do in words.

Everything it starts is what a beamline would start, through the commands of the command line; the demo itself only
reads the files that anybody can read.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from livereduce.errors import ExitCode, OperatorError
from livereduce.picture import curve
from livereduce.publish.nexus import read_product
from livereduce.status import FILE_NAME, StateWord, Status, read_status

FOLDER = Path("livereduce-demo")
RATE, RUN_S, GAP_S, UPDATE_EVERY_S = 200_000, 12, 3, 2
PATIENCE_S = 120.0
"""The first start compiles the kernels, which takes most of a minute on a slow machine."""
STOP_S = 30.0


def examples() -> Path:
    """The folder of the example scripts: in the package where it is installed, in the project in a checkout.

    Raises
    ------
    OperatorError
        It is in neither.
    """
    package = Path(__file__).resolve().parent
    for place in (package / "examples", package.parents[1] / "examples"):
        if (place / "powder").is_dir():
            return place / "powder"
    raise OperatorError(f"the examples are missing: neither {package / 'examples'} nor in a checkout")


def demo(*, once: bool, out: TextIO) -> int:
    """Show a beamline at work until Ctrl-C, or with `once` until two runs have been reduced."""
    folder = _prepare(FOLDER.resolve())
    _say(out, "A simulated stream server plays runs of a powder diffractometer; livereduce reduces them as they come.")
    try:
        with _simulator(folder) as address, _daemon(folder, address), page_of(folder) as page:
            _say(out, f"page           {page}")
            _say(out, f"stream server  adara://{address}   (look into it: livereduce inspect adara://{address})")
            _say(out, f"daemon         livereduce run {_short(folder / 'livereduce.conf')}")
            _say(out, f"status         livereduce status {_short(folder / 'livereduce.conf')}")
            _say(out, f"scripts        {_short(folder)}/reduce_POWDER_live_[post_]proc.py   (yours to change)\n")
            _watch(folder, once, out)
    except KeyboardInterrupt:
        _say(out, "\nstopped")
    _say(out, f"\nresults        {_short(folder)}/state/products/<run>/result.nxs   (NeXus, for any viewer)")
    _say(out, f"log            {_short(folder)}/livereduce.log")
    return ExitCode.OK


def _say(out: TextIO, text: str) -> None:
    print(text, file=out, flush=True)


def _short(path: Path) -> str:
    """The path as one would type it here."""
    return os.path.relpath(path)


def _prepare(folder: Path) -> Path:
    """A fresh folder with the scripts; one that is not ours is left alone."""
    if folder.exists() and not (folder / "livereduce.conf").exists():
        raise OperatorError(f"{folder} is in the way: it is no folder of an earlier demo")
    for old in ("run", "state"):
        shutil.rmtree(folder / old, ignore_errors=True)
    folder.mkdir(exist_ok=True)
    (folder / "livereduce.log").unlink(missing_ok=True)
    for script in examples().glob("*.py"):
        shutil.copy(script, folder)
    return folder


@contextmanager
def _simulator(folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "livereduce", "simulate", "--powder", "--port", "0", "--rate", str(RATE)]
    command += ["--run-seconds", str(RUN_S), "--gap-seconds", str(GAP_S)]
    log = folder / "simulate.log"
    with log.open("w") as file, _stopping(subprocess.Popen(command, stdout=file, stderr=file, cwd=folder)) as process:
        if (address := _address(process, log)) is None:
            raise OperatorError(f"the simulated server did not start: {log.read_text().strip()}")
        yield address


@contextmanager
def page_of(folder: Path) -> Iterator[str]:
    """The address of the status page; or why there is none, since the demo goes without as well."""
    command = [sys.executable, "-m", "livereduce", "web", "livereduce.conf", "--port", "0"]
    log = folder / "web.log"
    with log.open("w") as file, _stopping(subprocess.Popen(command, stdout=file, stderr=file, cwd=folder)) as process:
        yield _address(process, log) or f"none: {log.read_text().strip()}"


def _address(process: subprocess.Popen[Any], log: Path) -> str | None:
    """Where a server listens, from the first line it writes; None if it has ended instead."""
    while process.poll() is None:
        words = log.read_text().partition("\n")[0].split()
        if words[:2] == ["listening", "on"]:
            return words[2]
        time.sleep(0.05)
    return None


@contextmanager
def _daemon(folder: Path, address: str) -> Iterator[None]:
    configuration = {
        **json.loads((examples() / "livereduce.conf").read_text()),
        "source": f"adara://{address}",
        "update_every": UPDATE_EVERY_S,
        "script_dir": str(folder),
        "runtime_dir": str(folder / "run"),
        "state_dir": str(folder / "state"),
    }
    (folder / "livereduce.conf").write_text(json.dumps(configuration, indent=2) + "\n")
    command = [sys.executable, "-m", "livereduce", "run", "livereduce.conf"]
    with _stopping(subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=folder)):
        yield


@contextmanager
def _stopping(process: subprocess.Popen[Any]) -> Iterator[subprocess.Popen[Any]]:
    """Ask the process to stop at the end, and wait until it has."""
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _watch(folder: Path, once: bool, out: TextIO) -> None:
    """Say what changes until two runs have ended, or for ever."""
    before: Status | None = None
    pictured: set[int] = set()
    deadline = time.monotonic() + PATIENCE_S
    while True:
        after = _status(folder)
        for line in narrate(before, after):
            _say(out, line)
        before = after or before
        products = _products(folder)
        for run, ended, product in products:
            if ended and run not in pictured:
                _say(out, f"\nrun {run} has ended; its result:")
                _say(out, picture(product) + "\n")
                pictured.add(run)
        if once and len(pictured) == 2:
            return
        if once and time.monotonic() > deadline:
            raise OperatorError(f"two runs were not reduced in {PATIENCE_S:g} s; see {folder / 'livereduce.log'}")
        time.sleep(0.2)


def _status(folder: Path) -> Status | None:
    try:
        return read_status(folder / "run" / FILE_NAME)
    except (OSError, ValueError):
        return None  # not written yet


def _products(folder: Path) -> list[tuple[int, bool, Path]]:
    """(run, whether it has ended, its result) of all real runs, oldest first."""
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
    label = f"{axis.name} ({axis.units}), {result.attributes.get('events', 0):,} events"
    return "\n".join(curve(axis.values.tolist(), result.signal.tolist(), label=label))


def narrate(before: Status | None, after: Status | None) -> list[str]:
    """What changed between two snapshots, in sentences."""
    if after is None:
        return []
    lines = []
    if before is None or (before.state, before.why) != (after.state, after.why):
        lines.append(f"{_clock(after)}  {_words(after)}")
    old = before.progress if before is not None else None
    new = after.progress
    if new is not None and new.run_chunks and new.results > (old.results if old is not None else 0):
        where = f"run {new.run}" if new.run else "between runs"
        age = f", {new.data_age_s:.1f} s behind the beam" if new.data_age_s is not None else ""
        lines.append(
            f"{_clock(after)}  {where}: result {new.run_chunks} holds {new.run_events:,} events{age}"
            f"  (proc {new.proc_s * 1e3:.0f} ms, post_proc {new.post_proc_s * 1e3:.0f} ms)"
        )
    return lines


def _words(status: Status) -> str:
    why = f": {status.why}" if status.why else ""
    problems = "".join(f"\n          {problem}" for problem in status.problems)
    mark = "! " if status.state in (StateWord.PARKED, StateWord.DEGRADED, StateWord.RESTARTING) else ""
    return f"{mark}{status.state}{why}{problems}"


def _clock(status: Status) -> str:
    return status.updated[11:19]
