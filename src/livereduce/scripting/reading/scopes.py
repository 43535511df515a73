"""What the names of a script are bound to, scope by scope, as far as the syntax tree shows it.

A name with several bindings has all of them: nobody knows which one holds when a line runs.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Inner = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Imported:
    """A binding by an import: a module, or a name of it."""

    module: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """A binding from outside, such as a script's `input`: an object of this class."""

    kind: str


Binding = ast.expr | Imported | Given | None
"""None: nothing is known of it."""


@dataclass(slots=True, eq=False)
class NameScope:
    """The names of a text, a function or a class.

    Attributes
    ----------
    stars
        Modules of which all names are imported.
    """

    parent: "NameScope | None" = None
    is_class: bool = False
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)

    def bind(self, name: str, binding: Binding) -> None:
        """Add a binding of a name."""
        self.bindings.setdefault(name, []).append(binding)

    def found(self, name: str) -> "tuple[NameScope, list[Binding]] | None":
        """The bindings of a name as Python looks it up, with their scope; None if it has none."""
        scope: NameScope | None = self
        while scope is not None:
            if name in scope.bindings and (scope is self or not scope.is_class):
                return scope, scope.bindings[name]
            scope = scope.parent
        return None


def root_scope(tree: ast.Module, given: dict[str, Given], replaced: dict[str, Given]) -> NameScope:
    """The scope of a text. `given` names have this binding beside those of the text, `replaced` ones if it has none."""
    scope = NameScope()
    for name, binding in given.items():
        scope.bind(name, binding)
    _bind_all(tree.body, scope)
    _bind_globals(tree, scope)
    for name, binding in replaced.items():
        scope.bindings.setdefault(name, [binding])
    return scope


def inner_scope(node: Inner, parent: NameScope) -> NameScope:
    """The scope of a function or class."""
    scope = NameScope(parent=parent, is_class=isinstance(node, ast.ClassDef))
    if isinstance(node, Function):
        arguments = node.args
        for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
            if one is not None:
                scope.bind(one.arg, None)
    _bind_all([node.body] if isinstance(node, ast.Lambda) else node.body, scope)
    return scope


def own_parts(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Every node of a body, with inner functions and classes but not what is in them.

    A loop and not an `ast.NodeVisitor`, which would hit the recursion limit on long sums that Python compiles.
    """
    stack = list(body)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, Inner):
            stack.extend(ast.iter_child_nodes(node))


def own_nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Every node of a body itself, without inner functions and classes, whose returns are theirs."""
    return (node for node in own_parts(body) if not isinstance(node, Inner))


def _bind_globals(tree: ast.Module, scope: NameScope) -> None:
    """A function may bind a name of the text, at any time."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            for name in node.names:
                scope.bind(name, None)


def _bind_all(body: Iterable[ast.AST], scope: NameScope) -> None:
    known: set[ast.AST] = set()
    for node in own_parts(body):
        match node:
            case ast.Assign(targets=targets, value=value):
                known |= _bind_targets(targets, value, scope)
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
                known |= _bind_targets([target], value, scope)
            case ast.AugAssign(target=ast.Name() as target):
                known.add(target)  # what it is does not change
            case ast.Import(names=names):
                for alias in names:
                    _bind_import(alias, scope)
            case ast.ImportFrom(module=str() as module, names=names, level=0):
                for alias in names:
                    _bind_import_from(module, alias, scope)
            case ast.ImportFrom(names=names):
                for alias in names:
                    scope.bind(alias.asname or alias.name, None)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                scope.bind(name, None)
            case (
                ast.ExceptHandler(name=str() as name)
                | ast.MatchAs(name=str() as name)
                | ast.MatchStar(name=str() as name)
                | ast.MatchMapping(rest=str() as name)
            ):
                scope.bind(name, None)
    for node in own_parts(body):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node not in known:
            scope.bind(node.id, None)


def _bind_targets(targets: Iterable[ast.expr], value: ast.expr, scope: NameScope) -> set[ast.AST]:
    names = [target for target in targets if isinstance(target, ast.Name)]
    for target in names:
        scope.bind(target.id, value)
    return set(names)


def _bind_import(alias: ast.alias, scope: NameScope) -> None:
    if alias.asname:
        scope.bind(alias.asname, Imported(alias.name))
    else:
        top = alias.name.partition(".")[0]
        scope.bind(top, Imported(top))


def _bind_import_from(module: str, alias: ast.alias, scope: NameScope) -> None:
    if alias.name == "*":
        scope.stars.append(module)
    else:
        scope.bind(alias.asname or alias.name, Imported(module, alias.name))
