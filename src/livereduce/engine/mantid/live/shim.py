"""Shims: the files that Mantid runs in place of the user's scripts.

Mantid reads its script files again in every cycle, runs them as the body of a method with indented text, and counts
their line numbers from that. So it gets files of a few lines in the generation's folder, which call `run_step`: the
frozen copy is run there, by the script runner that both engines share.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from livereduce.messages.job import Job, ScriptCopy

Step = Callable[[str, Any, str], Any]
"""Runs the script of a step (``proc``, ``post_proc``) on `input` and the name `output`; returns what Mantid gets."""

_run: Step | None = None

_TEXT = """\
# Written by livereduce for Mantid, which reads this file in every cycle. It runs
# {path} (md5 {md5})
# as it was when this generation of the worker began.
from livereduce.engine.mantid.live.shim import run_step
output = run_step({step!r}, input, output)
"""


def write_shims(job: Job) -> dict[str, str]:
    """Write a shim beside the frozen copy of each existing script; return their paths by step.

    Raises
    ------
    OSError
        They cannot be written.
    """
    steps: dict[str, ScriptCopy | None] = {"proc": job.proc, "post_proc": job.post_proc}
    return {step: _write(step, copy) for step, copy in steps.items() if copy is not None}


def _write(step: str, copy: ScriptCopy) -> str:
    path = Path(copy.copy).with_name(f"mantid_{step}.py")
    path.write_text(_TEXT.format(path=" ".join(copy.path.splitlines()), md5=copy.md5, step=step), encoding="utf-8")
    return str(path)


def install(run: Step) -> None:
    """Set the function that `run_step` calls; a process has one engine."""
    global _run  # Mantid runs the shims in a namespace of its own: both sides meet in a module
    _run = run


def run_step(step: str, input: Any, output: str) -> Any:
    """Called by the shims, in Mantid's thread.

    Raises
    ------
    RuntimeError
        The step failed in a way that must end Mantid's loop.
    """
    if _run is None:
        raise RuntimeError("no engine of livereduce is at work in this process")
    return _run(step, input, output)
