"""Run the scripts of the instrument scientist: one contract for both engines, standard library only.

A script is the body of a function called with `input`, a workspace, and `output`, the *name* of the output workspace,
which also has the attributes of that workspace once it is made.
Whatever a script does short of killing the process, its call returns an `Outcome`.
"""

import builtins
import signal
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any, Protocol

from livereduce.base.errors import OperatorError
from livereduce.base.names import did_you_mean, missing
from livereduce.catalog.wording import no_site_module
from livereduce.messages.job import ScriptCopy
from livereduce.scripting.compiling import FUNCTION, compile_script, show_in_tracebacks
from livereduce.scripting.files import read_copy
from livereduce.scripting.lent import own_builtins
from livereduce.scripting.output_name import OutputName
from livereduce.scripting.reporting.report import CycleReport, reporting_to
from livereduce.scripting.shown_traceback import shown_traceback
from livereduce.scripting.syntax import find_problem
from livereduce.scripting.voice import speaking

MAX_TEXT = 500
"""Most characters of an error's one-line text."""

RUNNER_NAMES = ("__name__", "__file__", "mtd")
"""Global names that each call is given."""


class Scope:
    """The global names of scripts, in a ``__main__`` of their own.

    One scope lasts a generation and is shared by proc and post_proc: a variable declared ``global`` survives a call, a
    variable of the body does not. Mantid's scripts share its ``__main__`` in the same way.
    """

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__builtins__": builtins}

    @contextmanager
    def lend(self, extra: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Add names for one call; names that they hide are restored, so that no call keeps data alive for the next."""
        hidden = {name: self.names[name] for name in extra if name in self.names}
        self.names.update(extra)
        try:
            yield self.names
        finally:
            for name in extra:
                self.names.pop(name, None)
            self.names.update(hidden)


PROCESS_SCOPE = Scope()
"""A generation is a process, so this is the scope unless another is given (tests, independent pipelines)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedScript:
    """A compiled script: the user's path (for people), the md5 of its bytes, and the scope of its global names."""

    path: str
    md5: str
    code: CodeType
    scope: Scope


@dataclass(frozen=True, slots=True)
class ScriptOutput:
    """A script ended normally. `workspace` is None if it made no output of its own in this call.

    The engine decides what None means: in the chunk step the chunk goes on (perhaps changed in place), in the post step
    the accumulated data are the result.
    """

    workspace: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptError:
    """A script failed: the file and line (0 if not known), the error in one line, and the traceback for people."""

    file: str
    line: int
    text: str
    traceback: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


Outcome = ScriptOutput | ScriptError


class Workspaces(Protocol):
    """The part of a workspace store that the runner needs: the builtin engine's own, or Mantid's in a wrapper."""

    def mark(self) -> int:
        """A mark with which later assignments can be compared."""

    def assigned_since(self, name: str, mark: int) -> bool:
        """True if the name was (re)assigned after `mark`."""

    def __iter__(self) -> Iterator[str]: ...

    def __contains__(self, name: object) -> bool: ...

    def __getitem__(self, name: str) -> Any: ...


def load_script(copy: ScriptCopy, scope: Scope = PROCESS_SCOPE) -> LoadedScript:
    """Read, verify and compile the frozen copy of a script; its tracebacks name the user's file.

    Raises
    ------
    OperatorError
        The copy cannot be read, is not what the daemon checked, or does not compile.
    """
    text = read_copy(copy)
    if problem := find_problem(text, Path(copy.path)):
        raise OperatorError(problem)
    show_in_tracebacks(copy.path, text)
    return LoadedScript(path=copy.path, md5=copy.md5, code=compile_script(text, copy.path), scope=scope)


def run_script(
    script: LoadedScript,
    input: Any,
    output: str,
    store: Workspaces,
    extra: Mapping[str, Any] | None = None,
    report: CycleReport | None = None,
) -> Outcome:
    """Call a script once.

    Parameters
    ----------
    input
        The workspace: the chunk, or the accumulated data.
    output
        The name under which the script's output is looked for in the store.
    store
        The script sees it as ``mtd``.
    extra
        Additional global names for this call alone, such as ``accumulation``.
    report
        Takes the metrics that this call reports; None: they are not kept.

    Returns
    -------
    What the script left in `output`, rebound or returned as ``input, output``: a workspace; or the name
    of one, which must be in the store; or None, the same as the name it was given. Under that first name only a
    workspace counts that was assigned in this call: an earlier one would be a stale result.
    """
    mark = store.mark()
    try:
        with speaking(script.md5), own_builtins(), reporting_to(report or CycleReport()):
            left = _call(script, input, output, store, extra or {})
        return ScriptOutput(_workspace(left, output, store, mark))
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            raise  # Ctrl-C in a terminal, if the process handles it
        return _script_error(script, error)


def _call(script: LoadedScript, input: Any, output: str, store: Workspaces, extra: Mapping[str, Any]) -> Any:
    """The value that the script left in `output`, or returned in its place."""
    given = ("__main__", script.path, store)
    script.scope.names.update(zip(RUNNER_NAMES, given, strict=True))
    with script.scope.lend(extra) as names:
        body: dict[str, Any] = {}
        exec(script.code, names, body)
        returned, _, left = body[FUNCTION](input, OutputName.among(store, output))
    if returned is None:
        return left
    if isinstance(returned, tuple | list) and len(returned) == 2:
        return returned[1]
    raise TypeError(f"a script must return nothing or `input, output`, not {type(returned).__name__}")


def _workspace(left: Any, output: str, store: Workspaces, mark: int) -> Any:
    """The workspace that `left` refers to (see `run_script`); None if the script made none."""
    if left is None or (isinstance(left, str) and left == output):
        return store[output] if store.assigned_since(output, mark) else None
    if not isinstance(left, str):
        return left
    if left not in store:
        raise LookupError(f"output is {left!r}: {missing('workspace', left, store)}")
    return store[left]


def _script_error(script: LoadedScript, error: BaseException) -> ScriptError:
    """The outcome of an exception; errors while the exception is formatted do not get out."""
    frames = _frames_from(error.__traceback__, script.path)
    lines = [line for frame, line in traceback.walk_tb(frames) if frame.f_code.co_filename == script.path]
    text = _describe(error)
    try:
        shown = shown_traceback(error, frames)
    except BaseException as failure:  # noqa: BLE001 (a hostile exception object may raise anything)
        shown = f"{text}\n(cannot show its traceback: {type(failure).__name__})\n"
    # The frames hold the chunk; without this an exception that refers to itself would keep it until a collection.
    traceback.clear_frames(error.__traceback__)
    return ScriptError(file=script.path, line=lines[-1] if lines else 0, text=text, traceback=shown)


def _frames_from(frames: TracebackType | None, path: str) -> TracebackType | None:
    """The traceback from the first frame of a file on: the runner's own frames are of no use to people."""
    while frames is not None and frames.tb_frame.f_code.co_filename != path:
        frames = frames.tb_next
    return frames


def _describe(error: BaseException) -> str:
    """Type and message of an exception in one line."""
    kind = type(error).__name__
    try:
        # KeyError shows its argument in quotes; a sentence is not a key
        message = error.args[0] if isinstance(error, KeyError) and _is_sentence(error.args) else str(error)
        text = f"{kind}: {message}{_meant(error)}" if message else kind
    except BaseException as failure:  # noqa: BLE001 (a hostile __str__ may raise anything)
        text = f"{kind}: (cannot show its message: {type(failure).__name__})"
    if isinstance(error, SystemExit):
        text += " (a script must not exit the process: use `return` to end it early)"
    return _short(text)


def _is_sentence(args: tuple[Any, ...]) -> bool:
    return len(args) == 1 and isinstance(args[0], str) and " " in args[0]


def _meant(error: BaseException) -> str:
    """Suggest the name that a script may have meant by an unknown one, or where a module may lie; empty without any.

    Raises
    ------
    Exception
        Whatever an object of the script raises when it is asked for its attributes.
    """
    match error:
        case NameError(name=str(name)):
            frame = [frame for frame, _ in traceback.walk_tb(error.__traceback__)][-1]
            return did_you_mean(name, [*frame.f_locals, *frame.f_globals, *dir(builtins)])
        case AttributeError(name=str(name), obj=thing) if thing is not None:
            return did_you_mean(name, [one for one in dir(thing) if not one.startswith("_")])
        case ModuleNotFoundError(name=str(name)) if str(error) == f"No module named {name!r}" and "." not in name:
            return no_site_module(name).removeprefix(str(error))
    return ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 1] + "…"
