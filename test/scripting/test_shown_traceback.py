"""A traceback has the lines of the script, and one place in livereduce, however deep that lies."""

from pathlib import Path
from typing import Any

import pytest

import livereduce
from livereduce.scripting.shown_traceback import shown_traceback

OURS = f"{Path(livereduce.__file__).parent}/engine/"


def code(file: str, text: str, **names: Any) -> dict[str, Any]:
    """The names that the text leaves, run as if it stood in this file."""
    exec(compile(text, file, "exec"), names)
    return names


def places(text: str, **names: Any) -> list[str]:
    """File and line of each frame that is shown when the text of a script fails; and the last line."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 (each test says which by its last line)
        code("/scripts/proc.py", text, **names)
    frames = raised.value.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename != "/scripts/proc.py":
        frames = frames.tb_next
    shown = shown_traceback(raised.value, frames).splitlines()
    found = [line.split('"')[1].removeprefix(OURS) + line.split(",")[1] for line in shown if '  File "' in line]
    return [*found, shown[-1]]


DEEP = """
def check():
    raise IndexError('above the greatest X')
def compute():
    check()
def call():
    try:
        compute()
    except IndexError as error:
        raise RuntimeError(f'Crop: {error}') from error
def plain():
    check()
def for_each(function):
    function()
"""


def test_of_our_frames_the_innermost_is_shown() -> None:
    names = code(f"{OURS}calls.py", DEEP)
    assert places("\nplain()", plain=names["plain"]) == [
        "/scripts/proc.py line 2",
        "calls.py line 3",
        "IndexError: above the greatest X",
    ]


def test_an_error_that_was_put_into_words_has_the_place_of_its_cause() -> None:
    names = code(f"{OURS}calls.py", DEEP)
    assert places("\ncall()", call=names["call"]) == [
        "/scripts/proc.py line 2",
        "calls.py line 3",
        "RuntimeError: Crop: above the greatest X",
    ]


def test_what_a_script_gave_us_to_call_is_shown_with_both_ends() -> None:
    names = code(f"{OURS}calls.py", DEEP)
    assert places("def mine():\n    1 / 0\nfor_each(mine)", for_each=names["for_each"]) == [
        "/scripts/proc.py line 3",
        "calls.py line 14",
        "/scripts/proc.py line 2",
        "ZeroDivisionError: division by zero",
    ]


def test_a_chain_of_the_script_itself_is_shown_whole() -> None:
    text = "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError('no peak') from error"
    assert places(text) == ["/scripts/proc.py line 2", "/scripts/proc.py line 4", "ValueError: no peak"]
