"""``livereduce run``: the daemon from start to end."""

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from livereduce import __version__
from livereduce.base import logs
from livereduce.base.errors import ExitCode
from livereduce.config.file import DEFAULT_PATH
from livereduce.daemon.facts import Limits
from livereduce.daemon.home import Held
from livereduce.daemon.inputs.judge import Site
from livereduce.daemon.inputs.settling import Times
from livereduce.daemon.loop import DaemonLoop
from livereduce.daemon.report.reporter import Reporter
from livereduce.daemon.report.systemd import Notifier
from livereduce.daemon.worker.launching import CommandLines

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)

log = logging.getLogger("livereduce.daemon")


def run(
    path: Path | None,
    *,
    limits: Limits | None = None,
    commands: CommandLines | None = None,
    watching: Times | None = None,
) -> int:
    """Keep one worker reducing until SIGTERM, SIGINT or SIGQUIT; must be called from the main thread.

    SIGHUP restarts the worker with the current scripts.

    Parameters
    ----------
    path
        The configuration; None for the default place.
    limits, commands, watching
        The daemon's times, the command lines of its processes, and how often files are looked at; tests give their own.

    Returns
    -------
    The exit code: 0 after a stop or a change of the configuration, 78 if another daemon has a directory of this one.
    """
    path = path.absolute() if path else None
    with noted_signals() as signals:
        log_file = logs.own_log_path(os.environ, Path.cwd())
        logs.configure(log_file)
        log.info("livereduce %s, configuration %s, pid %d", __version__, path or DEFAULT_PATH, os.getpid())
        try:
            site = Site(path)
        except Held as held:
            log.error("%s; this one (pid %d) exits, the other is not affected", held, os.getpid())
            return ExitCode.UNUSABLE
        notifier = Notifier.from_environ(os.environ)
        try:
            return DaemonLoop(site, Reporter(log_file, notifier), signals, limits or Limits(), commands, watching).run()
        finally:
            notifier.close()


@contextmanager
def noted_signals() -> Iterator[int]:
    """Write the number of each signal as a byte to a descriptor.

    A handler that did more could deadlock in a lock or a log.
    """
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    before = {number: signal.signal(number, _note) for number in SIGNALS}
    woken_before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(woken_before)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)


def _note(number: int, frame: FrameType | None) -> None:
    """Do nothing: the number is on the wake-up descriptor already."""
