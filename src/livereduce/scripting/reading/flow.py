"""Where a statement of a script stands: if it is always reached, and which errors are caught around it."""

import ast
from dataclasses import dataclass, replace

from livereduce.scripting.reading.meaning import dotted
from livereduce.scripting.reading.scopes import NameScope, own_nodes

ASKING = frozenset({"hasattr", "isinstance", "callable", "type", "dir"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands: its scope, whether it is always reached, and the errors that are caught around it."""

    scope: NameScope
    always: bool = True
    caught: frozenset[str] = frozenset()

    def maybe(self) -> "Place":
        """The same for what is not always reached."""
        return replace(self, always=False)

    def after(self, test: ast.expr) -> "Place":
        """The same for what is reached only if a test holds; one that asks what an object has keeps its errors away."""
        asks = any(isinstance(node, ast.Name) and node.id in ASKING for node in ast.walk(test))
        return replace(self, always=False, caught=self.caught | {"AttributeError"} if asks else self.caught)

    def catches(self, *errors: str) -> bool:
        """True if one of these errors is caught, by its name or with all others."""
        return bool(self.caught & {*errors, "Exception", "BaseException"})


def is_main(test: ast.expr) -> bool:
    """True for a condition that always holds in a script."""
    match test:
        case ast.Constant(value=True):
            return True
        case ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value="__main__")]):
            return True
    return False


def caught_by(handler: ast.ExceptHandler) -> frozenset[str]:
    """Names of the errors that a handler takes."""
    if handler.type is None:
        return frozenset({"BaseException"})
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return frozenset(dotted(one).rpartition(".")[2] for one in types)


def may_leave(statement: ast.stmt) -> bool:
    """True if the script may end within a statement, so that what follows is not always reached."""
    return any(
        isinstance(node, ast.Return | ast.Raise | ast.Break | ast.Continue)
        or (isinstance(node, ast.Call) and dotted(node.func) in ("sys.exit", "exit", "quit", "os._exit"))
        for node in own_nodes([statement])
    )
