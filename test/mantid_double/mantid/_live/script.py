"""How a script is run: as the body of a method, in ``__main__``'s globals."""

import traceback
from pathlib import Path
from typing import Any

import __main__
from mantid._double.record import record
from mantid._double.switches import is_on
from mantid.api.ads import AnalysisDataService
from mantid.api.algorithm import Algorithm
from mantid.api.handles import strong
from mantid.api.workspaces import Workspace

_INDENT = " " * 8
_HEAD = """\
import mantid
from mantid.simpleapi import *
class _Dummy(mantid.api.PythonAlgorithm):
    def PyExec(self, input=None, output=None):
"""
_FOOT = """
        return input,output
input,output = _Dummy().PyExec(input,output)
"""
_seen: dict[str, str] = {}


def read_script(path: str) -> str:
    """The text of the file as it is now; with the switch ``rereads_scripts`` off as it was at first."""
    if is_on("rereads_scripts") or path not in _seen:
        try:
            _seen[path] = Path(path).read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise RuntimeError(f"RunPythonScript: {path} cannot be read: {error}") from None
    return _seen[path]


def forget_all() -> None:
    """No script has been read."""
    _seen.clear()


def run_script_text(parent: Algorithm, text: str, input: Workspace, output: str, output_is_old: bool) -> Workspace:
    """Run the text; give the workspace that `output` means afterwards.

    Parameters
    ----------
    output_is_old
        What has the output's name in the data service now was made before this call.

    Raises
    ------
    RuntimeError
        The text is empty or raises, or `output` is no workspace and names none.
    """
    if not text.strip():
        raise RuntimeError("RunPythonScript: the script is empty")
    parent.interruption_point()
    before = AnalysisDataService._find(output) if output_is_old else None
    names: dict[str, Any] = {"input": input, "output": output}
    code = _HEAD + "".join(f"{_INDENT}{line}\n" for line in text.splitlines()) + _FOOT
    record("script", output=output)
    try:
        exec(compile(code, "<string>", "exec"), __main__.__dict__, names)
    except BaseException as error:  # noqa: BLE001 (boost makes whatever Python raises a runtime error)
        lines = traceback.format_exception_only(type(error), error)
        where = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<string>"]
        at = f" at line {where[-1]} in '<string>'" if where else ""
        raise RuntimeError(f"{''.join(lines).strip()}\n {at}") from None
    return _workspace(names["output"], output, before)


def _workspace(left: Any, output: str, before: Workspace | None) -> Workspace:
    """What is left in `output`: a workspace, the name of one, or None for the name that it had."""
    left = strong(left)
    if isinstance(left, Workspace):
        return left
    name = output if left is None else left
    if not isinstance(name, str):
        raise RuntimeError("Invalid type assigned to 'output' variable. Must be a string or a workspace")
    if name not in AnalysisDataService:
        raise RuntimeError(f"RunPythonScript: the output workspace '{name}' does not exist")
    found: Workspace = AnalysisDataService._held(name)
    if found is before and not is_on("stale_result"):
        raise RuntimeError(f"RunPythonScript: the script has not made '{name}'")
    return found
