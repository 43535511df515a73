"""Rows of the fault matrix: the shipped daemon, worker and simulated server, something that goes wrong, what was seen.

A row is a function of a `Rig`. Rows run in a few threads at once, since most of their time is waiting; the tests wait
for them in turn (`Matrix`). The beam stands still wherever a fault is injected, so that nothing depends on the speed
of the machine: one factor, the environment's LIVEREDUCE_TEST_TIME_SCALE, stretches all limits on a slow one.
"""

import os
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import psutil
import pytest

from helpers.reduced import Beamline, beamline_in
from helpers.served import Clock, powder_play, serving
from livereduce.base.times import NS_PER_S, epics_ns
from livereduce.messages.status import StateWord, Status
from livereduce.publish.product import Product

SCALE = float(os.environ.get("LIVEREDUCE_TEST_TIME_SCALE", "1"))
PATIENCE_S = 60.0 * SCALE
"""No assertion about time: what does not happen within this is not going to."""
HANG_S = 2.0 * SCALE
UPDATE_S = 0.3
AT_ONCE = 4
"""Rows at work at the same time."""

CLOSED, HALF, MORE, OVER = 0.4, 1.0, 1.2, 1.55
"""Where the beam can stand: before the run, with 0.5 s and with 0.7 s of it played, and after its end."""
SECOND, THIRD = 2.1, 3.2
"""In the middle of the runs after it, where a row plays them."""
HALF_EVENTS, MORE_EVENTS = 28_000, 40_000
"""What has been reduced at least when the beam stands there (60 000 a second, in pulses of 1000)."""
RUN = 1
PASS = "pass\n"
DOUBLED = "output = input.data * 2.0\n"
"""A second version of a script, which a product shows."""


class RowSkippedError(Exception):
    """A row that cannot be run here, and why."""


def skip_row(reason: str) -> NoReturn:
    """Leave a row out, except where everything is there to run it."""
    if os.environ.get("CI") == "true" and os.geteuid() == 0:
        raise AssertionError(f"a row of the matrix cannot be skipped here: {reason}")
    raise RowSkippedError(reason)


def while_there(path: Path, fault: str) -> str:
    """A script that does something bad as long as the file `fault` is there."""
    return f"import os\nif os.path.exists({str(path / 'fault')!r}):\n" + textwrap.indent(textwrap.dedent(fault), "    ")


def once(path: Path, fault: str) -> str:
    """A script that does something bad when the file `fault` is there, and only one time."""
    return while_there(path, f"os.remove({str(path / 'fault')!r})\n" + textwrap.dedent(fault))


@dataclass(frozen=True, slots=True)
class Totals:
    """What a run came to: facts of its last product, and the sum of each bin."""

    facts: tuple[object, ...]
    signal: np.ndarray[Any, Any]

    @classmethod
    def of(cls, product: Product) -> "Totals":
        names = ("pulses", "events", "proton_charge_pc", "unmapped", "incomplete")
        return cls(tuple(product.attributes[name] for name in names), np.asarray(product.signal))


@dataclass(kw_only=True)
class Outcome:
    """A line of the table."""

    name: str
    seen: str = ""
    recovery_s: float | None = None
    lost: str = "not said"
    skipped: str = ""


@dataclass
class Rig:
    """One beamline with a fault to come."""

    beamline: Beamline
    outcome: Outcome
    origin_ns: int
    truth: Totals | None
    stack: ExitStack
    clock: Clock = field(default_factory=lambda: Clock(CLOSED))
    url: str = ""
    injected_at: float = 0.0
    status_seen: Status | None = None
    asked: list[str] = field(default_factory=list)
    """What each connection has asked the server for."""

    @property
    def connections(self) -> int:
        """Connections at the server that have asked for a run."""
        return sum("new data only" not in one for one in self.asked)

    @property
    def path(self) -> Path:
        return self.beamline.path

    # ---- the run up to the fault

    def play(
        self, *, rate: float = 60_000, runs: int = 1, say: Callable[[str], None] = lambda _: None, **options: Any
    ) -> str:
        """Serve the run, or several; the beam stands before it."""
        play = powder_play(runs=runs, run_s=1.0, gap_s=0.1, rate=rate, origin_ns=self.origin_ns)
        self.url = self.stack.enter_context(
            serving(play, speed=1.0, clock=self.clock, say=partial(self._hear, say=say), **options)
        )
        return self.url

    def _hear(self, said: str, say: Callable[[str], None]) -> None:
        say(said)
        if said.startswith("a client asks for"):
            self.asked.append(said)

    def configure(self, **settings: Any) -> None:
        self.beamline.configure(**{"source": self.url, "update_every": UPDATE_S} | settings)

    def begin(self, proc: str = PASS, *, post_proc: str = "", url: str = "", **settings: Any) -> Status:
        """Reduce the first half of the run."""
        self.url = url or self.url or self.play()
        if proc:
            self.beamline.script("proc", proc)
        if post_proc:
            self.beamline.script("post_proc", post_proc)
        self.configure(**settings)
        self.beam_to(HALF)
        self.beamline.start()
        return self.wait_reduced(HALF_EVENTS)

    def beam_to(self, now_s: float) -> None:
        self.clock.now_s = now_s

    # ---- the fault

    def inject(self) -> None:
        """The fault happens now."""
        self.injected_at = time.monotonic()

    def let_fault(self) -> None:
        """The fault that is in a script happens with the next chunk, which comes now."""
        (self.path / "fault").touch()
        self.inject()
        self.beam_to(MORE)

    def seconds(self) -> float:
        """Since the fault."""
        return time.monotonic() - self.injected_at

    # ---- what is seen of it

    def status(self) -> Status | None:
        with suppress(OSError, ValueError):  # not there yet, or not the daemon's yet
            self.status_seen = self.beamline.status()
        return self.status_seen

    def log(self) -> str:
        try:
            return self.beamline.log()
        except FileNotFoundError:
            return ""

    def until(self, what: str, there: Callable[[], Any]) -> Any:
        """Wait until something is so."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if found := there():
                return found
            time.sleep(0.02)
        raise AssertionError(f"{self.outcome.name}: {what} does not come\n{self.status_seen}\n{self.log()[-6000:]}")

    def wait(self, what: str, there: Callable[[Status], bool]) -> Status:
        """Wait until the status is as expected."""

        def look() -> Status | None:
            status = self.status()
            return status if status and there(status) else None

        found = self.until(what, look)
        assert isinstance(found, Status)
        return found

    def saw(self, word: StateWord, *parts: str) -> Status:
        """Wait for a state word with all these parts in its reason: what people see of the fault."""
        status = self.wait(f"{word}: {parts}", lambda one: one.state is word and all(part in one.why for part in parts))
        self.note(f"{status.state}: {status.why}")
        return status

    def saw_restart(self, *parts: str, number: int = 1) -> Status:
        """Wait for a restart that is counted as one, with all these parts in its reason."""
        status = self.wait(f"restart {number}", lambda one: one.restarts >= number)
        reason = status.last_restarts[-1].reason
        assert all(part in reason for part in parts), reason
        self.note(f"restart: {reason}")
        return status

    def saw_log(self, *parts: str) -> str:
        """Wait for a line of the log with all these parts."""

        def look() -> str:
            return next((line for line in self.log().splitlines() if all(part in line for part in parts)), "")

        line = self.until(f"log line {parts}", look)
        self.note("log: " + line.split(" - ", 3)[-1])
        return str(line)

    def note(self, seen: str) -> None:
        self.outcome.seen = self.outcome.seen or " ".join(seen.replace(str(self.path) + "/", "").split())

    # ---- and after it

    def wait_reduced(self, events: int, *, generation: int = 0) -> Status:
        """Wait for a result that holds so many events of the run."""
        return self.wait(
            f"a result of {events} events in generation {generation}",
            lambda one: (
                one.progress is not None
                and one.worker_pid is not None
                and one.generation >= generation
                and one.progress.run.events >= events
                and one.progress.total.results > 0
            ),
        )

    def back(
        self,
        events: int = HALF_EVENTS,
        *,
        generation: int = 1,
        exactly: bool = True,
        reconnects: int | None = 0,
    ) -> Status:
        """Results flow again: one holds all that there was before, made by the generation expected.

        Whatever has become of workers, the server sees one connection of each daemon, and so many more; None: any.
        """
        status = self.wait_reduced(events, generation=generation)
        self.outcome.recovery_s = self.seconds()
        assert not exactly or status.generation == generation, f"generation {status.generation}\n{self.log()}"
        assert reconnects in (None, self.connections - len(self.beamline.daemons)), f"{self.asked}\n{self.log()}"
        return status

    def finish(self, *, factor: float = 1.0, incomplete: str = "") -> Totals:
        """The run ends: its totals are those of the run without a fault, or its product says what it lacks."""
        self.beam_to(OVER)
        self.until("the end of the run", lambda: self.beamline.index().get(RUN, {}).get("ended"))
        totals = self.check_totals(factor=factor, incomplete=incomplete)
        self.stop()
        return totals

    def check_totals(self, *, factor: float = 1.0, incomplete: str = "") -> Totals:
        """The run's last product has the totals of the run without a fault, or says what it lacks."""
        totals = Totals.of(self.beamline.product(RUN))
        if incomplete:
            assert incomplete in str(totals.facts[-1]), totals.facts
            self.outcome.lost = "said"
        elif self.truth is not None:
            self.outcome.lost = difference(totals, self.truth, factor)
            assert self.outcome.lost == "nothing", self.log()[-6000:]
        return totals

    def stop(self) -> None:
        """The daemon leaves in order, and nothing of it stays."""
        assert self.beamline.stop() == 0, self.log()


def is_well(status: Status) -> bool:
    """Reduces, and nothing is wrong but what a beam that stands still for the test is: a run without pulses."""
    kinds = {condition.kind for condition in status.conditions}
    return status.state is StateWord.RUNNING or (status.state is StateWord.DEGRADED and kinds == {"pulses"})


def difference(seen: Totals, truth: Totals, factor: float = 1.0) -> str:
    """In words what one run has not that the other has."""
    if seen.facts != truth.facts:
        return f"{seen.facts} instead of {truth.facts}"
    if factor == 1.0 and not np.array_equal(seen.signal, truth.signal):
        return "other counts in the same sum" if seen.signal.sum() == truth.signal.sum() else "other counts"
    # a script that has made an array of its own may have chosen another shape
    expected = truth.signal.sum() * factor
    return "nothing" if seen.signal.sum() == expected else f"{seen.signal.sum()} counts instead of {expected}"


def gone(pid: int) -> bool:
    """Whether a process is no more, or only waits to be reaped."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


# ---- rows and their table


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    act: Callable[[Rig], None]


class Rows:
    """The rows of one file; an instance decorates them."""

    def __init__(self) -> None:
        self._params: list[Any] = []

    def __call__(self, name: str) -> Callable[[Callable[[Rig], None]], Callable[[Rig], None]]:
        """Enter a row."""

        def enter(act: Callable[[Rig], None]) -> Callable[[Rig], None]:
            self._params.append(pytest.param(Row(name, act), id=name.replace(" ", "_")))
            return act

        return enter

    def each(self) -> pytest.MarkDecorator:
        """To decorate the test."""
        return pytest.mark.parametrize("row", self._params)


class Matrix:
    """Runs rows, and keeps what came out."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self._folder, self._environ = folder, environ
        self._origin_ns = epics_ns(time.time()) - NS_PER_S
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="row")
        self._futures: dict[str, Future[None]] = {}
        self._begun_s = self._ended_s = time.monotonic()
        self.outcomes: dict[str, Outcome] = {}
        self._truth: Totals | None = None

    def begin(self, rows: list[Row]) -> None:
        """The run without a fault, which also compiles the kernels; then all rows, a few at a time."""
        self._run(Row("no fault", self._without_fault))
        for row in rows:
            self._futures[row.name] = self._pool.submit(self._run, row)

    def check(self, row: Row) -> None:
        """Wait for a row; what went wrong in it is raised here."""
        self._futures[row.name].result()
        if skipped := self.outcomes[row.name].skipped:
            pytest.skip(skipped)

    @property
    def wall_s(self) -> float:
        """From the first row to the end of the last; other tests run meanwhile and after."""
        return self._ended_s - self._begun_s

    def end(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _without_fault(self, rig: Rig) -> None:
        rig.begin()
        rig.outcome.seen = "every event once"
        self._truth = rig.finish()
        assert self._truth.facts[:2] == (60, 60_000)
        assert self._truth.facts[-1] == ""
        rig.outcome.lost = "nothing"

    def _run(self, row: Row) -> None:
        outcome = self.outcomes[row.name] = Outcome(name=row.name)
        with self._rig(row, outcome) as rig:
            try:
                row.act(rig)
            except RowSkippedError as skipped:
                outcome.skipped = str(skipped)
            except BaseException:
                outcome.seen = f"FAILED; {outcome.seen}"
                raise
            finally:
                self._ended_s = time.monotonic()

    @contextmanager
    def _rig(self, row: Row, outcome: Outcome) -> Iterator[Rig]:
        path = self._folder / f"row{len(self.outcomes)}"
        path.mkdir()
        with beamline_in(path, self._environ) as beamline, ExitStack() as stack:
            yield Rig(beamline, outcome, self._origin_ns, self._truth, stack)


def table(outcomes: list[Outcome], wall_s: float) -> Iterator[str]:
    """The matrix as lines of text."""
    yield f"{'fault':44} {'back after':>10}  {'lost':10} seen"
    for one in outcomes:
        back = "-" if one.recovery_s is None else f"{one.recovery_s:.1f} s"
        seen = f"skipped: {one.skipped}" if one.skipped else one.seen
        yield f"{one.name[:44]:44} {back:>10}  {one.lost[:10]:10} {seen[:170]}"
    run = sum(not one.skipped for one in outcomes)
    yield f"{run} rows run, {len(outcomes) - run} skipped, in {wall_s:.0f} s"
