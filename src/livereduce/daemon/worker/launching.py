"""Command lines and environment of the daemon's processes. Pure, but for the folder that `worker_environ` may make."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from livereduce.base import kernel_cache
from livereduce.environment.launched import VARIABLE
from livereduce.environment.package import folder_for, python_path
from livereduce.messages.receiver import SPARE

DAEMONS_OWN = ("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", VARIABLE)
"""Variables that a worker does not get: a script must not speak to systemd in the daemon's name."""


def worker_command(interpreter: str, job: Path) -> tuple[str, ...]:
    """Command line of a worker. With -P: a daemon that runs in `scripts/` has a `livereduce.py` in its directory."""
    return (interpreter, "-P", "-m", "livereduce.worker", str(job))


def receiver_command(interpreter: str, job: Path) -> tuple[str, ...]:
    """Command line of a receiver."""
    return (interpreter, "-P", "-m", "livereduce.receiver", str(job))


def recorder_command(interpreter: str, job: Path) -> tuple[str, ...]:
    """Command line of a recorder."""
    return (interpreter, "-P", "-m", "livereduce.recorder", str(job))


def spare_command(interpreter: str) -> tuple[str, ...]:
    """Command line of a worker that stands by until it is given a job."""
    return (interpreter, "-P", "-m", "livereduce.worker", SPARE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLines:
    """Command lines by interpreter and path of the job; tests start stand-ins."""

    worker: Callable[[str, Path], tuple[str, ...]] = worker_command
    receiver: Callable[[str, Path], tuple[str, ...]] = receiver_command
    spare: Callable[[str], tuple[str, ...]] = spare_command
    recorder: Callable[[str, Path], tuple[str, ...]] = recorder_command


def worker_environ(environ: Mapping[str, str], state_dir: Path, interpreter: str) -> dict[str, str]:
    """Environment of a worker: the daemon's own, so that it finds this same package and its compiled kernels.

    PYTHONUNBUFFERED brings the last lines before a crash to the log.
    """
    kept = {key: value for key, value in environ.items() if key not in DAEMONS_OWN}
    if not kept.get(kernel_cache.FOLDER):
        kept |= {kernel_cache.FOLDER: str(state_dir / "kernels"), kernel_cache.IS_DEFAULT: "1"}
    kept["PYTHONUNBUFFERED"] = "1"
    if path := python_path(kept.get("PYTHONPATH", ""), folder_for(interpreter, state_dir)):
        kept["PYTHONPATH"] = path
    return kept
