import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.base.visible import take_any_text, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, µ, 中, 👩‍🔬, and a\ttab", "plain, µ, 中, 👩‍🔬, and a\ttab"),
        ("NUL \0 ESC \x1b[31m", "NUL \\x00 ESC \\x1b[31m"),
        ("10 %\r20 %\r", "10 %\\r20 %\\r"),
        ("one\ntwo", "one\\ntwo"),
        ("C1 \x9b31m \x85", "C1 \\x9b31m \\x85"),
        ("DEL \x7f BEL \a", "DEL \\x7f BEL \\x07"),
        ("\u202egnp.exe\u202c \u2066x\u2069 \u200f", "\\u202egnp.exe\\u202c \\u2066x\\u2069 \\u200f"),
        ("\u2028line\u2029", "\\u2028line\\u2029"),
    ],
)
def test_what_steers_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_line_feeds_may_stay() -> None:
    assert visible("one\ntwo\r\n", lines=True) == "one\ntwo\\r\n"


@given(st.text())
def test_nothing_that_steers_is_left_and_nothing_else_changes(text: str) -> None:
    shown = visible(text)
    assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", shown)
    assert shown == text or len(shown) > len(text)
    assert visible(shown) == shown


def test_no_print_fails_for_its_characters() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", errors="strict")
    take_any_text(stream)
    print("→ \udc80", file=stream, flush=True)
    take_any_text(stream, encoding="utf-8")
    print("→ \udc80", file=stream, flush=True)
    assert raw.getvalue() == b"\\u2192 \\udc80\n\xe2\x86\x92 \\udc80\n"
