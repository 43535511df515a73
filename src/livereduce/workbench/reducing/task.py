"""One run as a task: a worker in a temporary folder, on a file, until all is reduced. The same here and on a cluster.

A script can crash, hang or end the process: that costs the task, which says why.
"""

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from livereduce.base.source_urls import file_url
from livereduce.daemon.worker.ending import why_ended
from livereduce.daemon.worker.generation import make_generation
from livereduce.daemon.worker.launching import worker_command, worker_environ
from livereduce.daemon.worker.process import Worker, spawn
from livereduce.daemon.worker.spoken import script_paths
from livereduce.messages.beat import Beat
from livereduce.messages.job import BACKGROUND, Job
from livereduce.messages.order import STOP
from livereduce.messages.progress import Progress
from livereduce.preflight.resolve import Resolved
from livereduce.workbench.reducing.place import temporary_place
from livereduce.workbench.reducing.watching import Course, failure_of, give_up, heard

LOOK_S = 0.5
STOP_S = 20.0
"""Time to exit for a worker that has reduced everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReduceTask:
    """What is to be done; it can be sent to another machine that has the same files.

    Attributes
    ----------
    resolved
        Scripts and settings; its source and directories are not used.
    path
        The file or recording.
    """

    resolved: Resolved
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReduced:
    """What came of it.

    Attributes
    ----------
    seconds
        With the start of the process.
    failure
        Why the products are not what they should be; empty if they are.
    products
        The files, by name.
    """

    run: int = 0
    events: int = 0
    seconds: float = 0.0
    failure: str = ""
    products: Mapping[str, bytes] = field(default_factory=dict)


def reduce_run(task: ReduceTask, stop: threading.Event | None = None) -> RunReduced:
    """Reduce a run. Never raises for what a script or a file does: that is a failure of the task.

    Parameters
    ----------
    stop
        Set by another thread to give up.
    """
    begun_s = time.monotonic()
    try:
        with temporary_place() as folder:
            progress, why, products = _reduced_in(folder, task, stop or threading.Event())
    except OSError as error:
        return RunReduced(failure=f"its worker cannot be run: {error}")
    progress = progress or Progress()
    return RunReduced(
        run=progress.run.number,
        events=progress.run.events,
        seconds=time.monotonic() - begun_s,
        failure=why or failure_of(progress, has_products=bool(products)),
        products=products,
    )


def _reduced_in(
    folder: Path, task: ReduceTask, stop: threading.Event
) -> tuple[Progress | None, str, Mapping[str, bytes]]:
    """The last progress of a worker in a folder, why it was not done (empty: it was), and the products."""
    here = replace(
        task.resolved,
        source=file_url(task.path),
        interpreter=sys.executable,
        state_dir=folder,
        runtime_dir=folder,
    )
    job, path = make_generation(here)
    environ = worker_environ(os.environ, _kept(), here.interpreter) | {BACKGROUND: "1"}
    worker = spawn(worker_command(here.interpreter, path), environ)
    try:
        progress, why = _watch(worker, job, stop)
    finally:
        worker.signal_group(signal.SIGKILL)
        code, lines = worker.reap()
    if why is None:
        printed = (*worker.output.last, *(line.text for line in lines))
        why = why_ended(code, printed, scripts=script_paths(job))
    return progress, why, _products(folder, progress)


def _kept() -> Path:
    """A folder that outlives tasks: compiled kernels are in it, if no other place for them is known."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    folder = Path(base if base.startswith("/") else Path.home() / ".cache") / "livereduce"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _watch(worker: Worker, job: Job, stop: threading.Event) -> tuple[Progress | None, str | None]:
    """Hear a worker until it is done: its last progress, and why it was given up.

    Empty: it was not, it is done; None: it has ended by itself.
    """
    course = Course(heard_s=time.monotonic())
    while not stop.is_set():
        ready, beats = _wait(worker, LOOK_S)
        now = time.monotonic()
        for beat in beats:
            course = heard(course, beat, now)
        if course.progress and course.progress.source.ended:
            worker.order(STOP)
            _wait_for_end(worker)
            return course.progress, ""
        if worker.pidfd in ready:
            return course.progress, None
        if why := give_up(course, job, now):
            return course.progress, why
    return course.progress, "interrupted"


def _wait(worker: Worker, timeout_s: float) -> tuple[set[int], list[Beat]]:
    poll = select.poll()
    for fd in worker.watched:
        poll.register(fd, select.POLLIN)
    ready = {fd for fd, _ in poll.poll(round(timeout_s * 1000))}
    if worker.output_fd in ready:
        worker.read_output()
    return ready, worker.read_beats() if worker.beats_fd in ready else []


def _wait_for_end(worker: Worker) -> None:
    deadline_s = time.monotonic() + STOP_S
    while (left_s := deadline_s - time.monotonic()) > 0:
        if worker.pidfd in _wait(worker, left_s)[0]:
            return


def _products(folder: Path, progress: Progress | None) -> dict[str, bytes]:
    """The files of the run that was reduced."""
    if progress is None:
        return {}
    place = folder / "products" / str(progress.run.number)
    found = sorted(place.iterdir()) if place.is_dir() else []
    return {one.name: one.read_bytes() for one in found if one.is_file() and not one.name.startswith(".")}
