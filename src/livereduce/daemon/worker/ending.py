"""Why a process has ended, in words for people, from its exit code and its last words. Pure."""

import signal
from collections.abc import Iterable, Mapping, Sequence

from livereduce.base.errors import ExitCode, meaning_of
from livereduce.daemon.worker.crash import crashed
from livereduce.messages.job import PROBLEM_PREFIX

NO_SCRIPTS: Mapping[str, str] = {}


def signal_name(number: int) -> str:
    """Name of a signal, such as SIGTERM; most real-time signals have no name of their own."""
    return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"


def how_ended(code: int) -> str:
    """The exit code in words, for the log."""
    return f"was ended by {signal_name(-code)}" if code < 0 else f"exited with code {code} ({meaning_of(code)})"


def why_ended(
    code: int,
    last_lines: Sequence[str],
    oom_kills: int | None = None,
    scripts: Mapping[str, str] = NO_SCRIPTS,
    who: str = "the worker",
) -> str:
    """Explain the exit code of a process, ``the worker`` or ``the receiver``, for people.

    Parameters
    ----------
    code
        Negative for a signal, as in `subprocess`.
    oom_kills
        Number of processes of this service that the out-of-memory killer has ended meanwhile; None if not known.
    scripts
        ``proc`` or ``post_proc``, by the path of the script.
    """
    if crash := crashed(code, last_lines, scripts, who):
        return crash
    if code < 0:
        hint = _who_killed(oom_kills) if code == -signal.SIGKILL else ""
        return f"{who} was killed by {signal_name(-code)}{hint}"
    match code:
        case ExitCode.OK:
            return f"{who} exited without being asked to (exit code 0)"
        case ExitCode.PARENT_GONE:
            return f"{who} exited because it lost the daemon (exit code {code})"
        case ExitCode.UNUSABLE:
            return f"{who} cannot run: {_problems(last_lines)}"
    last_words = next((line.strip() for line in reversed(last_lines) if line.strip()), "it printed nothing")
    return f"{who} crashed (exit code {code}): {last_words}"


def _who_killed(oom_kills: int | None) -> str:
    if oom_kills is None:
        return ", perhaps by the out-of-memory killer"
    if oom_kills:
        return f" from the out-of-memory killer (it killed {oom_kills} processes of this service)"
    return ", not by livereduce and not by the out-of-memory killer: by a person or another program"


def _problems(last_lines: Iterable[str]) -> str:
    problems = [line.removeprefix(PROBLEM_PREFIX) for line in last_lines if line.startswith(PROBLEM_PREFIX)]
    return "; ".join(problems) or "it did not say why"
