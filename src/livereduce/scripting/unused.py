"""Find names that a script assigns and never uses, from its syntax tree: the likeliest slips of its author.

A script's result is what it leaves in `output`. ``input = input * 2`` binds a name of the script's own and changes
nothing; so does ``result = …``, unless it is read later on. Nothing is run, so this only warns: a script that reads its
names in other ways (``exec``, ``locals``) is not judged, nor is a name in a tuple, in a loop or with a leading ``_``.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from livereduce.catalog.mantid_names import algorithms
from livereduce.scripting.reading.scopes import own_nodes

INPUT, OUTPUT = "input", "output"
MISTAKEN = ("result", "results", "accumulation", OUTPUT, "outputs")
"""Names that look as if they mattered."""
BY_OTHER_WAYS = {"locals", "globals", "vars", "exec", "eval"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unused:
    """One such name, the line of its last assignment, and the function that returned its value; empty if none did."""

    name: str
    line: int
    called: str

    def is_stored(self, engine: str) -> bool:
        """True for ``result = Rebin(…)``: Mantid's algorithms store a workspace under the name it is assigned to.

        With Mantid a function of a library may be an algorithm, too.
        """
        return self.name == "result" and (self.called in algorithms() or (engine == "mantid" and self.called != ""))

    @property
    def advice(self) -> str:
        """Advice for the author, as a sentence."""
        if self.name == INPUT:
            return (
                f"line {self.line} assigns to `{INPUT}`, which has no effect: set `{OUTPUT}`, "
                f"or change the data itself (`{INPUT}.data = …`)"
            )
        return f"line {self.line} assigns to `{self.name}`, which nothing uses: the result is what `{OUTPUT}` is set to"


def find_unused(tree: ast.Module) -> tuple[Unused, ...]:
    """The unused names of a script, in the order of their lines."""
    nodes = list(ast.walk(tree))
    read = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store)}
    if read & BY_OTHER_WAYS:
        return ()
    shared = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
    last = {name: (statement, looped) for name, statement, looped in _assignments(tree.body)}
    leaves_something = _leaves_something(tree)
    unused = []
    for name, (statement, looped) in last.items():
        if name == INPUT:
            goes_nowhere = not looped and not _is_read_after(statement, nodes) and not _is_in_place(statement)
        else:
            goes_nowhere = name not in read and (not leaves_something or _is_mistaken(name))
        if goes_nowhere and name not in shared and name != OUTPUT and not name.startswith("_"):
            unused.append(Unused(name=name, line=statement.lineno, called=_called(statement.value)))
    return tuple(sorted(unused, key=lambda one: one.line))


def _called(value: ast.expr) -> str:
    match value:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name
    return "?" if isinstance(value, ast.Call) else ""


def _assignments(body: list[ast.stmt]) -> Iterator[tuple[str, ast.Assign, bool]]:
    """Name, statement, and whether it is in a loop, of the script's own plain assignments, in their order."""
    stack = [(statement, False) for statement in reversed(body)]
    while stack:
        statement, looped = stack.pop()
        if isinstance(statement, ast.Assign):
            yield from ((target.id, statement, looped) for target in statement.targets if isinstance(target, ast.Name))
        elif not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            looped = looped or isinstance(statement, ast.For | ast.While | ast.AsyncFor)
            stack += [(inner, looped) for inner in reversed(list(_inner(statement)))]


def _inner(statement: ast.stmt) -> Iterator[ast.stmt]:
    """The statements within a statement, including those of its handlers and cases."""
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from child.body


def _is_read_after(statement: ast.Assign, nodes: list[ast.AST]) -> bool:
    """True if `input` is read below the statement, or in a function, which may be called at any time."""
    end = (statement.end_lineno or statement.lineno, statement.end_col_offset or 0)
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    inside = {inner for node in nodes if isinstance(node, functions) for inner in ast.walk(node)}
    return any(
        isinstance(node, ast.Name)
        and node.id == INPUT
        and isinstance(node.ctx, ast.Load)
        and ((node.lineno, node.col_offset) >= end or node in inside)
        for node in nodes
    )


def _is_in_place(statement: ast.Assign) -> bool:
    """True for Mantid's way to change a workspace: ``input = Rebin(input, …, OutputWorkspace=input)``."""
    keywords = statement.value.keywords if isinstance(statement.value, ast.Call) else []
    return any(keyword.arg == "OutputWorkspace" for keyword in keywords)


def _is_mistaken(name: str) -> bool:
    return bool(get_close_matches(name.lower(), MISTAKEN, n=1, cutoff=0.8))


def _leaves_something(tree: ast.Module) -> bool:
    """True if the script sets or passes on `output`, returns something, uses the store, or changes `input` itself."""
    for node in own_nodes(tree.body):
        match node:
            case ast.Name(id=name) if name in (OUTPUT, "mtd"):
                return True
            case ast.Return(value=ast.expr()):
                return True
            case ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()) if _is_of_input(node):
                return True
            case ast.AugAssign(target=target) if _is_of_input(target):
                return True
            case ast.Expr(value=ast.Call() as call) if _is_of_input(call):
                return True
    return False


def _is_of_input(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Name) and part.id == INPUT for part in ast.walk(node))
