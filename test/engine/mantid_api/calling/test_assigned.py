"""The names to which a call is assigned, read from the caller's bytecode; CI runs this on each version of Python."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from livereduce.engine.mantid_api.calling.assigned import assigned_names
from livereduce.scripting.compiling import FUNCTION, compile_script

MANY = "".join(f"v{number} = {number}\n" for number in range(300))
"""More names than one byte counts."""
CASES: dict[str, tuple[str, ...]] = {
    "a = call()": ("a",),
    "a = b = call()": ("a",),
    "a, b = call()": ("a", "b"),
    "[a, b] = call()": ("a", "b"),
    "a, b = call(); c = a": ("a", "b"),
    "a = call(); b = a": ("a",),
    "a: int = call()": ("a",),
    "if (a := call()):\n    pass": ("a",),
    "a = call(*[1], **{'b': 2})": ("a",),
    "for n in range(2):\n    a = call()": ("a",),
    "try:\n    with open('/dev/null'):\n        a = call()\nfinally:\n    pass": ("a",),
    "def f():\n    a = call()\n    return lambda: a\nf()": ("a",),
    "a = 1\ndef f():\n    nonlocal a\n    a = call()\nf()": ("a",),
    "def f():\n    global a\n    a = call()\nf()": ("a",),
    "class A:\n    a = call()": ("a",),
    f"{MANY}a = call()": ("a",),
    "call()": (),
    "return call()": (),
    "a = [call()]": (),
    "a = {}\na[0] = call()": (),
    "a = (lambda: call())()": (),
    "a = call() or 5": (),
    "a, *b = call()": (),
}


@pytest.mark.parametrize("text", CASES)
def test_names_on_the_left(text: str) -> None:
    seen: list[tuple[str, ...]] = []

    def call(*_: Any, **__: Any) -> Iterator[int]:
        seen.append(assigned_names(sys._getframe(1)))
        return iter((1, 2))

    names: dict[str, Any] = {"call": call}
    exec(compile_script(text.encode(), "/scripts/proc.py"), names)
    names[FUNCTION]("input", "output")
    assert seen[-1] == CASES[text]
