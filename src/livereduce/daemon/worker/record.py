"""Record of the newest worker, and of the end of the one before it: one frozen value that the loop replaces."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from livereduce.messages.job import Job
from livereduce.messages.status import ErrorSeen, ScriptSeen, iso
from livereduce.scripting.files import ScriptFile
from livereduce.scripting.script_set import ScriptSet


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRecord:
    """The newest worker.

    Attributes
    ----------
    job
        Of the newest generation, also after its worker has ended; None before the first.
    pid
        None while there is no worker.
    proc, post_proc, parameters
        The scripts it was started on, and the file of their parameters.
    errors
        The last error of each kind since the daemon started.
    code, last_words
        Exit code and last output of the worker that ended last; None and empty if it never started.
    stacks, stacks_show
        File with the stacks of the worker that hung last, and the line at which it hung.
    stood_at
        The same place as ``file:line``, as long as that worker is the newest; empty if not known.
    """

    job: Job | None = None
    pid: int | None = None
    proc: ScriptSeen | None = None
    post_proc: ScriptSeen | None = None
    parameters: ScriptSeen | None = None
    errors: tuple[ErrorSeen, ...] = ()
    code: int | None = None
    last_words: tuple[str, ...] = ()
    stacks: str = ""
    stacks_show: str = ""
    stood_at: str = ""

    @property
    def files(self) -> dict[str, str]:
        """The md5 of each file that it runs, by path; empty before the first."""
        return self.job.files if self.job else {}

    @property
    def generation(self) -> int:
        """The newest generation, 0 before the first."""
        return self.job.generation if self.job else 0


def with_scripts(record: WorkerRecord, scripts: ScriptSet, since: Mapping[str, str]) -> WorkerRecord:
    """The record of a worker that was started on these scripts; `since` is when each was first used, by its path."""
    file = scripts.parameters
    parameters = ScriptSeen(path=str(file.path), md5=file.md5, since=since.get(str(file.path), "")) if file else None
    seen = replace(record, proc=_seen(scripts.proc, since), post_proc=_seen(scripts.post_proc, since))
    return replace(seen, parameters=parameters)


def _seen(script: ScriptFile | None, since: Mapping[str, str]) -> ScriptSeen | None:
    if script is None:
        return None
    modified = iso(datetime.fromtimestamp(script.modified_ns / 1e9)) if script.modified_ns else ""
    return ScriptSeen(path=str(script.path), md5=script.md5, modified=modified, since=since.get(str(script.path), ""))
