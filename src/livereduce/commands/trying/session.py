"""A session of `livereduce try`: from the first attempt to the last, with what is said of each."""

import json
import os
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TextIO

from livereduce.base.errors import ExitCode, OperatorError
from livereduce.commands.demo import page_of
from livereduce.commands.terminal.script_findings import told
from livereduce.commands.trying.attempt_report import comparison, report
from livereduce.commands.trying.setup import Setup, Tried, other_folder
from livereduce.daemon.inputs.saves import Saves
from livereduce.daemon.inputs.settling import Times
from livereduce.messages.progress import Progress
from livereduce.preflight.resolve import Resolved
from livereduce.publish.difference import compare_all
from livereduce.scripting.script_set import Version
from livereduce.workbench.attempts.arguments import SERVICE
from livereduce.workbench.attempts.attempt import Attempted
from livereduce.workbench.attempts.bench import Bench
from livereduce.workbench.attempts.limits import TryLimits, machine_limits
from livereduce.workbench.attempts.printed import Printout
from livereduce.workbench.attempts.reach import Reach
from livereduce.workbench.held_run import HeldRun, OwnRun, ServiceRun
from livereduce.workbench.page_status import present, status_of, tell
from livereduce.workbench.picture import draw_differences
from livereduce.workbench.results import Result, read_results, why_none

OWN, OTHER = "state", "other"
"""State directories, in the folder of the attempts: of the scripts that are tried, and of those to compare with."""
STATUS_S = 3.0
"""How often the page is told that somebody is there."""
READER = "livereduce try"
SAVE_TIMES = Times(poll_s=0.2, settle_s=0.15, rehash_s=5.0)
"""Somebody waits for the picture: saves are looked for five times a second."""


class TrySession:
    """One call of the command.

    Parameters
    ----------
    folder
        For everything that attempts write.
    left
        Is told what must be left at the end.
    """

    def __init__(self, options: Namespace, folder: Path, out: TextIO, left: ExitStack) -> None:
        self._options, self._folder, self._out = options, folder, out
        self._other_folder = other_folder(options.against)
        self._setup = Setup(options, folder)
        left.callback(self._setup.leave)
        self._tried = self._read()
        resolved = self._tried.resolved
        self._printout = Printout(self._say)
        limits = machine_limits(resolved.config.system_mem_limit_perc)
        run, environ = self._run_of(resolved, limits), self._setup.place.environ
        self._bench = Bench(resolved, run, environ, self._printout.take, limits.all_bytes)
        left.callback(self._bench.leave)
        self._started, self._status_due = datetime.now(), 0.0
        self._progress: Progress | None = None
        self._others: tuple[Version, tuple[Result, ...]] = ((), ())
        self._address = left.enter_context(self._page(resolved)) if options.web else ""
        if self._address:
            self._say(f"page            {self._address}")

    def run(self) -> int:
        """Make attempts until there is no more to do; return the exit code."""
        attempted = self._attempt()
        if not self._goes_on:
            return ExitCode.DEGRADED if attempted is None or attempted.failed else ExitCode.OK
        while True:
            if attempted is not None:
                waits = ["waiting for the next save"] if self._options.watch else []
                waits += [f"the page is {self._address}"] if self._address else []
                self._say(f"\n{'; '.join(waits)} (Ctrl-C ends this)")
                self._wait_for_save(attempted)
            self._take_saved()
            attempted = self._attempt()

    def _run_of(self, resolved: Resolved, limits: TryLimits) -> HeldRun:
        path = self._setup.run_path
        if path is None:
            return ServiceRun(self._setup.runtime_dirs)
        if resolved.engine != "mantid":
            return OwnRun(resolved, os.environ, limits.held_bytes)
        from livereduce.workbench.played.played_run import PlayedRun  # numba, which nothing else here needs

        self._say(f"{'engine':<16}mantid {resolved.mantid}; the run is played to it")
        return PlayedRun(path, resolved.config.update_every_s, self._reach)

    # ---- scripts

    def _read(self) -> Tried:
        """The scripts as they are now; what `check` would say of them is said."""
        tried = self._setup.tried(OWN)
        place = tried.place
        self._saves = Saves(place.script_dir, place.proc, place.post_proc, tried.scripts, time.monotonic(), SAVE_TIMES)
        for step, script in (("proc", tried.scripts.proc), ("post_proc", tried.scripts.post_proc)):
            what = f"{script.path} (md5 {script.md5[:7]})" if script else "none"
            self._say(f"{step:<16}{what}")
        for line in told(tried.obstacles):
            self._say(line)
        for warning in tried.found.warnings:
            self._say(f"  - {warning}")
        return tried

    def _take_saved(self) -> None:
        """Read what was saved, until it can be used."""
        while True:
            try:
                tried = self._read()
                problems = tried.found.problems
            except OperatorError as error:  # a file that was named is not there just now
                problems = error.problems
            if not problems:
                self._tried = tried
                return
            for problem in problems:
                self._say(f"  - {problem}")
            self._say("this cannot run; waiting for the next save")
            self._wait_for_save(None, problems)

    def _wait_for_save(self, attempted: Attempted | None, problems: tuple[str, ...] = ()) -> None:
        changed, self._status_due = "", 0.0
        while not changed:
            self._bench.stand_by(another=self._options.watch)
            now = time.monotonic()
            self._tell_page(attempted, now, problems)
            changed = self._saves.saved(now) if self._options.watch else ""
        self._say(f"\n{datetime.now():%H:%M:%S}        {changed}")

    # ---- attempts

    def _attempt(self) -> Attempted | None:
        """One attempt and its report; None if a save has interrupted it, or the run cannot be read any more."""
        self._printout.begin()
        self._status_due = 0.0
        try:
            attempted = self._bench.attempt(self._tried.resolved, self._reach, READER, self._is_outdated)
        except OperatorError as error:
            if not (self._options.watch and self._setup.is_live):  # the next run, or the service, may be back later
                raise
            self._say(f"  - {error}")
            self._wait_for_save(None, error.problems)
            return None
        self._printout.end()
        if attempted is None:
            return None
        if attempted.unusable and not self._options.watch:
            raise OperatorError(attempted.unusable)
        if attempted.reason and not attempted.results:
            raise OperatorError(f"the run cannot be read: {attempted.reason}")
        for line in report(attempted):
            self._say(line)
        self._status_due = 0.0
        self._tell_page(attempted, time.monotonic())
        if attempted.results and self._options.against is not None:
            self._compare(attempted)
        return attempted

    def _is_outdated(self, now: float) -> bool:
        self._tell_page(None, now)
        changed = self._saves.saved(now) if self._options.watch else ""
        if changed:
            self._say(f"\n{datetime.now():%H:%M:%S}        {changed}: begun anew")
        return bool(changed)

    @property
    def _goes_on(self) -> bool:
        return bool(self._options.watch or self._options.web)

    @property
    def _reach(self) -> Reach:
        return Reach(chunks=self._options.chunks, events=self._options.until)

    # ---- against others

    def _compare(self, attempted: Attempted) -> None:
        run = attempted.results[-1].product.run
        try:
            others, name = (self._of_service(run), "the service") if self._other_folder is None else self._of_folder()
        except OperatorError as error:
            if not self._goes_on:
                raise
            self._say(f"  - {error}")  # the next attempt may find something
            return
        found = compare_all([one.product for one in attempted.results], [one.product for one in others])
        for line in comparison(found, name):
            self._say(line)
        for path in draw_differences(found, run, attempted.results[-1].path.parent):
            self._say(f"  drawn         {path}")

    def _of_service(self, run: int) -> tuple[Result, ...]:
        whys = []
        for state_dir in self._setup.state_dirs:
            if found := read_results(state_dir, run):
                return found
            whys.append(why_none(state_dir, run))
        raise OperatorError(f"--against {SERVICE}: nothing to compare with: {'; '.join(whys)}")

    def _of_folder(self) -> tuple[tuple[Result, ...], str]:
        """The results of the other scripts on the same run; made again only if they, or the run, are others."""
        assert self._other_folder is not None
        name = str(self._other_folder)
        other = self._setup.tried(OTHER, self._other_folder)
        if other.found.problems:
            raise OperatorError(*other.found.problems)
        version = other.scripts.version
        if self._setup.is_live or version != self._others[0]:
            attempted = self._bench.attempt(other.resolved, self._reach, f"{READER}, to compare")
            if attempted is None or attempted.failed:
                self._say(f"  - the scripts of {name} have failed: {_why(attempted)}")
            self._others = version, attempted.results if attempted else ()
        return self._others[1], name

    # ---- the page

    @contextmanager
    def _page(self, resolved: Resolved) -> Iterator[str]:
        """The status page of the attempts; gives its address."""
        configuration = self._folder / "livereduce.conf"
        settings = {
            "instrument": resolved.instrument.name,
            "engine": resolved.engine,
            "source": resolved.source,
            "script_dir": str(resolved.script_dir),
            "runtime_dir": str(resolved.runtime_dir),
            "state_dir": str(resolved.state_dir),
        }
        configuration.write_text(json.dumps(settings))
        with present(resolved.runtime_dir, configuration):
            self._tell_page(None, time.monotonic())
            with page_of(self._folder) as (_, address):
                yield address

    def _tell_page(self, attempted: Attempted | None, now: float, problems: tuple[str, ...] = ()) -> None:
        if not self._options.web or now < self._status_due:
            return
        self._status_due = now + STATUS_S
        running, resolved = self._bench.running, self._tried.resolved
        if not problems:  # else the page goes on showing what the last attempt has made
            self._progress = running.observed.progress if running else attempted.progress if attempted else None
        status = status_of(resolved, self._started, datetime.now(), self._progress, attempted, problems)
        with suppress(OSError):  # the disk is full: the attempt says so itself
            tell(resolved.runtime_dir, status)

    def _say(self, line: str) -> None:
        print(line, file=self._out, flush=True)


def _why(attempted: Attempted | None) -> str:
    """Why an attempt has failed, with the line of the script where that is known."""
    if attempted is None or attempted.died or attempted.failure is None:
        return attempted.died if attempted else ""
    failure = attempted.failure
    return f"{failure.file}:{failure.line}: {failure.text}" if failure.line else f"{failure.file}: {failure.text}"
