"""The equations of instrument definitions, which make a coordinate of a log's value: ``0.001*value + 4``.

Evaluated node by node from a closed set of operators and functions: nothing of the text is ever executed.
Source: Mantid docs/source/concepts/InstrumentDefinitionFile.rst; the functions are those of muParser. Mantid writes the
value into the text with six digits (XMLInstrumentParameter.cpp); here it is not rounded.
"""

import ast
import math
import operator
from collections.abc import Callable

LONGEST = 1000
"""Characters; real ones have some tens."""
_OPERATORS: dict[type[ast.AST], Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_OF_MATH = ("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh")
_FUNCTIONS: dict[str, Callable[..., float]] = {
    name: getattr(math, name) for name in (*_OF_MATH, "exp", "sqrt", "log2", "log10")
} | {
    "ln": math.log,
    "log": math.log,
    "abs": abs,
    "min": min,
    "max": max,
    "rint": round,
    "sign": lambda x: math.copysign(1.0, x) if x else 0.0,
    "sum": lambda *parts: sum(parts),
    "avg": lambda *parts: sum(parts) / len(parts),
}
_CONSTANTS = {"_pi": math.pi, "_e": math.e}


def evaluated(equation: str, value: float) -> float:
    """The number that an equation makes of a value; an empty one gives the value.

    Raises
    ------
    ValueError
        It is no such equation, or has no finite result.
    """
    if not equation.strip():
        return value
    if len(equation) > LONGEST:
        raise ValueError(f"equation of {len(equation)} characters, expected at most {LONGEST}")
    try:
        tree = ast.parse(equation.strip().replace("^", "**"), mode="eval")
        result = float(_number(tree.body, value))
    except (SyntaxError, ArithmeticError, TypeError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"equation {equation!r} cannot be evaluated: {error}") from None
    if not math.isfinite(result):
        raise ValueError(f"equation {equation!r} gives {result} for the value {value}")
    return result


def _number(node: ast.AST, value: float) -> float:
    match node:
        case ast.Constant(value=int() | float() as constant):
            return float(constant)
        case ast.Name(id="value"):
            return value
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_number(left, value), _number(right, value))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_number(operand, value))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
            return float(_FUNCTIONS[name](*(_number(one, value) for one in args)))
    raise ValueError(f"{ast.unparse(node) if isinstance(node, ast.expr) else node!r} is not understood")
