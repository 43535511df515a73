"""Arithmetic and comparison of workspaces in a script: Mantid's Plus, Minus, Multiply, Divide, Power.

The result of ``c = a + b`` is in the store as ``c``; one that is not assigned, as in ``(a + b) / 2``, is not.
"""

import sys
from importlib import import_module
from itertools import count
from typing import Any

import numpy as np

from livereduce.engine.mantid_api.calling.assigned import assigned_names
from livereduce.engine.mantid_api.objects.algorithm_methods import algorithm
from livereduce.engine.mantid_api.objects.named import NamedWorkspace
from livereduce.engine.mantid_api.session import current_store
from livereduce.engine.workspaces.mtd import is_stored

HIDDEN = "__python_op_tmp"
"""Begin of Mantid's name for what is not assigned."""
_numbers = count()


class Arithmetic:
    """``+ - * / **`` with workspaces and numbers on both sides, and in place."""

    def __add__(self, other: Any) -> Any:
        return _computed("Plus", self, other, _name())

    def __radd__(self, other: Any) -> Any:
        return _computed("Plus", other, self, _name())

    def __iadd__(self, other: Any) -> Any:
        return _in_place("Plus", self, other)

    def __sub__(self, other: Any) -> Any:
        return _computed("Minus", self, other, _name())

    def __rsub__(self, other: Any) -> Any:
        return _computed("Minus", other, self, _name())

    def __isub__(self, other: Any) -> Any:
        return _in_place("Minus", self, other)

    def __mul__(self, other: Any) -> Any:
        return _computed("Multiply", self, other, _name())

    def __rmul__(self, other: Any) -> Any:
        return _computed("Multiply", other, self, _name())

    def __imul__(self, other: Any) -> Any:
        return _in_place("Multiply", self, other)

    def __truediv__(self, other: Any) -> Any:
        return _computed("Divide", self, other, _name())

    def __rtruediv__(self, other: Any) -> Any:
        return _computed("Divide", other, self, _name())

    def __itruediv__(self, other: Any) -> Any:
        return _in_place("Divide", self, other)

    def __pow__(self, exponent: float) -> Any:
        return _raised(self, exponent, _name())

    def __lt__(self, other: Any) -> Any:
        return _computed("LessThan", self, other, _name())

    def __gt__(self, other: Any) -> Any:
        return _computed("GreaterThan", self, other, _name())

    def __neg__(self) -> Any:
        return _computed("Multiply", self, -1.0, _name())

    __array_priority__ = 1000
    """``np.float64(2) * ws`` is ours, not numpy's."""
    __array_ufunc__ = None


def _name() -> str:
    """The name that the expression is assigned to in the script; empty if it is used in another way."""
    names = assigned_names(sys._getframe(2))
    return names[0] if names and names[0].isidentifier() else ""  # pytest's assert makes names that are none


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number | np.bool_) and not isinstance(value, complex)


def _computed(algorithm: str, left: Any, right: Any, name: str) -> Any:
    operands = [_operand(left), _operand(right)]
    if any(operand is None for operand in operands):
        return NotImplemented
    return _called(algorithm, operands[0], {"RHSWorkspace": operands[1]}, name)


def _in_place(algorithm: str, left: Any, right: Any) -> Any:
    if _operand(right) is None:
        return NotImplemented
    if left.isGroup():
        others = list(right) if _is_group(right) else [right] * len(left)
        for member, other in zip(left, others, strict=True):
            _in_place(algorithm, member, other)
        return left
    left.matrix = _called(algorithm, left, {"RHSWorkspace": _operand(right)}, "").matrix
    store = current_store()
    if is_stored(left, store):
        store[left.name()] = left  # for the store it has been assigned anew
    return left


def _is_group(value: Any) -> bool:
    return isinstance(value, NamedWorkspace) and value.isGroup()


def _raised(workspace: Any, exponent: float, name: str) -> Any:
    if not _is_number(exponent):
        return NotImplemented
    return _called("Power", workspace, {"Exponent": float(exponent)}, name)


def _operand(value: Any) -> Any:
    """What an algorithm is given for it: the workspace, or a single value for a number; None for other things."""
    if isinstance(value, Arithmetic):
        return value
    if not _is_number(value):
        return None
    # a single value is a MatrixWorkspace, which is built on this
    wrapping = import_module("livereduce.engine.mantid_api.objects.wrapping")
    return wrapping.number_workspace(float(value))


def _called(name: str, left: Any, given: dict[str, Any], output: str) -> Any:
    store, hidden = current_store(), f"{HIDDEN}{next(_numbers)}"
    result = algorithm(name, left, {**given, "OutputWorkspace": output or hidden})
    if not output:
        for member in (result, *(result if result.isGroup() else ())):
            store.remove(member.name())
    return result
