"""The traceback of a script's error as people see it: the script's own lines, and one place in livereduce."""

import traceback
from pathlib import Path
from types import TracebackType

MAX_TRACEBACK = 8000
"""Most characters of a traceback; a longer one loses its middle, as after a deep recursion."""
_OURS = f"{Path(__file__).resolve().parents[1]}/"


def shown_traceback(error: BaseException, frames: TracebackType | None) -> str:
    """The traceback in Python's form.

    Of the frames in livereduce that lie behind a call only the innermost is shown. An error that was raised for another
    one in there is shown alone, with that one's place: how livereduce came to raise it tells a script's author nothing.

    Raises
    ------
    Exception
        Whatever a hostile exception raises when it is looked at.
    """
    shown = traceback.TracebackException(type(error), error, frames)
    inner = shown.__cause__
    if inner is not None and inner.stack and all(_is_ours(frame) for frame in inner.stack):
        shown.stack.append(inner.stack[-1])
        shown.__cause__, shown.__suppress_context__ = inner.__cause__, True
    pairs = zip(shown.stack, [*shown.stack[1:], None], strict=True)
    shown.stack = traceback.StackSummary.from_list([frame for frame, behind in pairs if _tells(frame, behind)])
    return _cut("".join(shown.format()))


def _tells(frame: traceback.FrameSummary, behind: traceback.FrameSummary | None) -> bool:
    return not _is_ours(frame) or behind is None or not _is_ours(behind)


def _is_ours(frame: traceback.FrameSummary) -> bool:
    return frame.filename.startswith(_OURS)


def _cut(text: str) -> str:
    if len(text) <= MAX_TRACEBACK:
        return text
    half = MAX_TRACEBACK // 2
    return f"{text[:half]}\n  … {len(text) - 2 * half} characters omitted …\n{text[-half:]}"
