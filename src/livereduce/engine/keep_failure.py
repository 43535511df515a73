"""Store the last failure of a script for people, with its traceback: for both engines, standard library only."""

import logging
from datetime import datetime
from pathlib import Path

from livereduce.messages.job import Job
from livereduce.messages.script_failure import ScriptFailure, write_failure
from livereduce.scripting.runner import LoadedScript, ScriptError

logger = logging.getLogger("livereduce.engine")


def keep_failure(job: Job, run: int, step: str, script: LoadedScript, error: ScriptError, script_errors: int) -> None:
    """Store a failure where the daemon finds it. If that fails, the log has it all the same.

    Parameters
    ----------
    step
        ``proc`` or ``post_proc``.
    script_errors
        Number of script errors so far, including this one, as in `Progress`.
    """
    failure = ScriptFailure(
        at=datetime.now().astimezone().isoformat(timespec="milliseconds"),
        generation=job.generation,
        script_errors=script_errors,
        run=run,
        step=step,
        md5=script.md5,
        file=error.file,
        line=error.line,
        text=error.text,
        traceback=error.traceback,
    )
    try:
        write_failure(Path(job.state_dir), failure)
    except (OSError, ValueError) as problem:  # ValueError: text that is not valid Unicode
        logger.debug("the failure of %s cannot be kept: %s", step, problem)
