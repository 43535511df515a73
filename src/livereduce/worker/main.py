"""``python -m livereduce.worker JOB.json``: reads the job, makes the engine, polls it until told to exit.

Nothing heavy is imported before the first beat, and engines only when the job names them. SIGTERM keeps its default
action, so that it ends every hang; a clean exit is requested by the order to stop.
"""

import fcntl
import logging
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import NoReturn

from livereduce.base.errors import ExitCode, OperatorError
from livereduce.base.extras import how_to_install
from livereduce.child.beats import Beats
from livereduce.child.orders import Orders, begin
from livereduce.child.own_log import HIGH_FD, OwnLog
from livereduce.child.setup import CRASHED, inherited_fd, leave_soon, prepare_process, read_job, unusable
from livereduce.engine.protocol import MakeEngine
from livereduce.environment.identity import IDENTIFY
from livereduce.messages.beat import Phase
from livereduce.messages.job import BEAT_FD, ORDER_FD, Job, decode_job
from livereduce.messages.receiver import ADOPT_FD, RECEIVER_FD, SPARE
from livereduce.scripting.module_finder import let_scripts_import
from livereduce.scripting.voice import speak_through
from livereduce.worker.giving_way import give_way_if_told
from livereduce.worker.guard import start_guard
from livereduce.worker.trim import trim

Say = Callable[[str], object]
LoadEngine = Callable[[Job, Say], MakeEngine]

POLL_S = 0.5
"""Beats are due at least once a second while waiting."""
STOP_DEADLINE_S = 15.0
SILENCE_S = 0.5
"""Longest wait for a line that another thread is writing to the log."""


log = logging.getLogger("livereduce.worker")


def main(arguments: Sequence[str]) -> int:
    """Run one generation; return the exit code.

    ``--identify [NAME]`` instead asks Mantid for the instrument; ``--spare`` waits for the job on a socket.
    """
    if list(arguments[:1]) == [IDENTIFY]:
        from livereduce.worker.identify import identify

        return identify(*arguments[1:2])
    give_way_if_told(os.environ)
    own_log = prepare_process()
    try:
        beat_fd, order_fd, receiver_fd = (inherited_fd(name) for name in (BEAT_FD, ORDER_FD, RECEIVER_FD))
        adopt_fd = inherited_fd(ADOPT_FD) if list(arguments) == [SPARE] else None
        job = read_job(arguments, decode_job) if adopt_fd is None else None
    except OperatorError as error:
        return unusable(error)
    if beat_fd is not None:  # there is a daemon that understands tags
        speak_through(fcntl.fcntl(sys.stdout.fileno(), fcntl.F_DUPFD_CLOEXEC, HIGH_FD))
    if job is None:
        assert adopt_fd is not None
        return _stand_by(adopt_fd, beat_fd, order_fd, own_log)
    return work(job, partial(engine_for, receiver_fd=receiver_fd), beat_fd, order_fd, own_log)


def _stand_by(adopt_fd: int, beat_fd: int | None, order_fd: int | None, own_log: OwnLog) -> int:
    """Be the spare until there is a job, then do it."""
    from livereduce.engine.builtin.loading import load_everything
    from livereduce.worker.spare import stand_by

    orders, beats = begin(order_fd, start_guard), Beats(beat_fd)
    try:
        adopted = stand_by(adopt_fd, load_everything, beats, orders)
    except OperatorError as error:
        return unusable(error)
    if adopted is None:
        return ExitCode.OK
    job, receiver_fd = adopted
    return _to_the_end(job, partial(engine_for, receiver_fd=receiver_fd), beats, orders, own_log)


def work(
    job: Job,
    load_engine: LoadEngine,
    beat_fd: int | None,
    order_fd: int | None,
    own_log: OwnLog | None = None,
) -> int:
    """Do a job until told to exit; return the exit code.

    Parameters
    ----------
    load_engine
        Gives the class of the engine for a job; called after the first beat, because importing may take seconds.
        Reports what takes long.
    beat_fd, order_fd
        The pipes to and from the daemon, None when run by hand.
    own_log
        Takes over the log records of the engine's modules, before a script can run.
    """
    return _to_the_end(job, load_engine, Beats(beat_fd), begin(order_fd, start_guard), own_log)


def _to_the_end(job: Job, load_engine: LoadEngine, beats: Beats, orders: Orders, own_log: OwnLog | None) -> int:
    code = CRASHED
    try:
        code = _reduce(job, partial(_loaded, load_engine, own_log), beats, orders)
    except BaseException:
        if getattr(sys.stderr, "closed", True):  # a script has closed it: the reason would be lost
            log.critical("the worker crashes", exc_info=True)
        raise
    finally:
        if job.engine == "mantid" or orders.renew.is_set():
            _leave_now(code, own_log)
        leave_soon(code)
    return code


def _reduce(job: Job, load_engine: LoadEngine, beats: Beats, orders: Orders) -> int:
    beats.phase(Phase.STARTING)
    try:
        let_scripts_import(job.script_dir, job.modules, job.missing)
        engine = load_engine(job, beats.doing)(job, beats.phase)
    except OperatorError as error:
        return unusable(error)
    beats.phase(Phase.WAITING)
    while not orders.leave.is_set():
        beats.progress(engine.poll(POLL_S))
        if orders.trim.is_set():
            orders.trim.clear()
            trim()
    beats.phase(Phase.STOPPING)
    engine.stop(0.0 if orders.renew.is_set() and not orders.stop.is_set() else STOP_DEADLINE_S)
    return ExitCode.OK if orders.stop.is_set() else ExitCode.RECYCLED


def _loaded(load_engine: LoadEngine, own_log: OwnLog | None, job: Job, say: Say) -> MakeEngine:
    make_engine = load_engine(job, say)
    if own_log is not None:
        own_log.take_over()
    return make_engine


def engine_for(job: Job, say: Say, receiver_fd: int | None = None) -> MakeEngine:
    """Import the class of the engine that a job names; `say` is told what takes long.

    Parameters
    ----------
    receiver_fd
        The socket to the receiver; None: the engine reads the stream itself.

    Raises
    ------
    OperatorError
        There is no such engine, or something that it needs is not installed.
    """
    if job.engine not in _NEEDS:
        raise OperatorError(f'engine "{job.engine}" is not known; expected "builtin" or "mantid"')
    try:
        return _mantid(say) if job.engine == "mantid" else _builtin(say, receiver_fd)
    except ImportError as error:  # not only for a missing module: also for a library of Mantid's that does not load
        if (error.name or "").startswith("livereduce"):
            raise
        cure = f"; install them: {how_to_install('builtin', sys.executable)}" if job.engine == "builtin" else ""
        raise OperatorError(f"{_NEEDS[job.engine]}: {error} (in {sys.executable}){cure}") from None


_NEEDS = {
    "builtin": "the builtin engine needs numpy, numba, scipp, scipy and h5py",
    "mantid": "the mantid engine needs mantid, numpy and h5py, which every environment with Mantid has",
}


def _builtin(say: Say, receiver_fd: int | None) -> MakeEngine:
    from livereduce.engine.builtin.loading import load_engine

    make_engine = load_engine(say)
    if receiver_fd is None:
        return make_engine
    from livereduce.stream.held.source import HeldSource

    source = HeldSource(receiver_fd)
    return partial(make_engine, open_source=lambda _: source, report=source.report)


def _mantid(say: Say) -> MakeEngine:
    say("loading Mantid")
    from livereduce.engine.mantid.engine import MantidEngine

    return MantidEngine


def _leave_now(code: int, own_log: OwnLog | None) -> NoReturn:
    """Exit without the interpreter's own shutdown.

    In it, Mantid waits without limit for its algorithms; and with a large heap it takes longer than a worker may take
    whose successor waits for it.
    """
    _silence_log(own_log)
    if sys.exception() is not None:
        traceback.print_exc()
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # a script may have closed it
            stream.flush()
    os._exit(code)


def _silence_log(own_log: OwnLog | None) -> None:
    """Stop all other threads from logging: the last lines are those of this thread, and tell why the process ends."""
    logging.disable(logging.CRITICAL)
    if own_log is not None:
        own_log.silence(SILENCE_S)
    for handler in logging.getLogger().handlers:
        if handler.lock is not None:
            handler.lock.acquire(timeout=SILENCE_S)  # for good; a thread that is stuck with it is not waited for
