"""Kernels call slots, words and type codes by name: no bare index, no number that only a table explains."""

import ast
from collections.abc import Iterator

import pytest

from helpers.paths import ROOT

SOURCE = ROOT / "src" / "livereduce"
LARGEST_PLAIN = 64
"""Bits of a word. What is larger has a meaning, and a name."""


def _is_kernel(function: ast.FunctionDef) -> bool:
    return any(isinstance(one, ast.Call) and ast.unparse(one.func) == "kernel" for one in function.decorator_list)


def _kernels() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in sorted((SOURCE / "stream").rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and _is_kernel(node):
                yield f"{path.relative_to(SOURCE)}:{node.name}", node


KERNELS = dict(_kernels())


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_calls_its_slots_by_name(name: str) -> None:
    written_by_number = {"first[0]", "first_event[0]", "seeds[0]", "seeds[1]"}
    """The first of many, and the two numbers of a hash."""
    for node in ast.walk(KERNELS[name]):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            assert ast.unparse(node) in written_by_number, f"line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_has_no_code_without_a_name(name: str) -> None:
    for node in ast.walk(KERNELS[name]):
        if isinstance(node, ast.Constant) and isinstance(node.value, int) and node.value > LARGEST_PLAIN:
            assert node.value == 0xFFFF_FFFF, f"line {node.lineno}: {ast.unparse(node)}"


def test_the_kernels_are_seen() -> None:
    assert "stream/adara/wire/banks.py:_read_banks" in KERNELS
