"""Find in a script what an engine does not have: imports, algorithms, arguments and methods, with their lines.

Nothing is run and nothing is imported. What is not clear from the text is not told: a false alarm costs more than a
mistake that the first call shows anyway.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace

from livereduce.base.names import closest
from livereduce.catalog.declared import declared
from livereduce.catalog.mantid_names import algorithms, modules, names_in
from livereduce.catalog.present import methods, methods_by_class, names
from livereduce.catalog.wording import (
    no_such_algorithm,
    no_such_method,
    no_such_name,
    not_implemented,
    not_implemented_name,
    python_2,
    unknown_argument,
)
from livereduce.scripting.reading.calls import wrong_arguments
from livereduce.scripting.reading.findings import ForeignImport, Obstacle, ScriptReading
from livereduce.scripting.reading.flow import Place, caught_by, is_main, may_leave
from livereduce.scripting.reading.meaning import (
    MAKERS,
    SINGLE,
    TEXT,
    WORKSPACE,
    AlgorithmFunction,
    AlgorithmInHand,
    MantidObject,
    Method,
    Module,
    OtherName,
    Reader,
    Unbound,
    dotted,
    is_algorithm,
)
from livereduce.scripting.reading.python2 import OLD_NAMES, is_old_print
from livereduce.scripting.reading.scopes import Given, inner_scope, root_scope

GIVEN = {"input": Given(WORKSPACE), "accumulation": Given(WORKSPACE)}
"""What a script finds in its names."""
REPLACED = {"output": Given(TEXT)}
"""What it finds there only if it does not assign another object to the name."""
MOST_OBSTACLES = 200
MOST_NAMES = 50
"""Most names that nobody has which are compared with Mantid's: it takes milliseconds each."""


def read(tree: ast.Module, *, is_script: bool) -> ScriptReading:
    """Read a script, or a module that it imports; never raises."""
    root = root_scope(tree, GIVEN, REPLACED) if is_script else root_scope(tree, {}, {})
    walk = _Walk(
        Reader(root, is_script=is_script), {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    )
    try:
        walk.body(tree.body, Place(root, always=not any(_is_foreign(module) for module in root.stars)))
    except RecursionError:  # a sum of thousands
        return ScriptReading()
    except _Enough:
        pass
    order = dict.fromkeys(sorted(walk.obstacles, key=lambda one: one.line))
    return ScriptReading(obstacles=tuple(order), imports=tuple(walk.imports), folders=tuple(walk.folders))


class _Enough(Exception):
    """There are so many obstacles that more of them help nobody."""


class _Walk:
    """Goes through a text in the order of its lines and notes what it finds."""

    def __init__(self, reader: Reader, own_classes: set[str]) -> None:
        self.obstacles: list[Obstacle] = []
        self.imports: list[ForeignImport] = []
        self.folders: list[str] = []
        self._reader = reader
        self._own_classes = own_classes
        self._asked: dict[str, bool] = {}

    # ---- statements

    def body(self, statements: Iterable[ast.stmt], place: Place) -> None:
        for statement in statements:
            self._statement(statement, place)
            if place.always and may_leave(statement):
                place = place.maybe()

    def _statement(self, node: ast.stmt, place: Place) -> None:
        match node:
            case ast.Import(names=names):
                self._import(node.lineno, [alias.name for alias in names], place)
            case ast.ImportFrom(module=str() as module, names=names, level=0):
                self._import_from(node.lineno, module, [alias.name for alias in names], place)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._definition(node, place)
            case ast.If(test=test, body=body, orelse=orelse):
                self._expression(test, place)
                self.body(body, place if is_main(test) else place.after(test))
                self.body(orelse, place.after(test))
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=finalbody):
                caught = place.caught.union(*(caught_by(one) for one in handlers))
                self.body(body, replace(place, always=place.always and not handlers, caught=caught))
                for part in (orelse, *(handler.body for handler in handlers)):
                    self.body(part, place.maybe())
                self.body(finalbody, place)
            case ast.Expr(value=value) if is_old_print(value):
                self._note(node.lineno, python_2("print statement"), place, everywhere=True)
            case ast.Expr() | ast.Assign() | ast.AnnAssign() | ast.AugAssign() | ast.Return() | ast.Delete():
                self._children(ast.iter_child_nodes(node), place)
            case _:
                self._children(ast.iter_child_nodes(node), place.maybe())

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, place: Place) -> None:
        self._children(node.decorator_list, place)
        if isinstance(node, ast.ClassDef):
            self._children(node.bases, place)
            self.body(node.body, replace(place, scope=inner_scope(node, place.scope)))
        else:
            self._children([*node.args.defaults, *(one for one in node.args.kw_defaults if one)], place)
            self.body(node.body, Place(inner_scope(node, place.scope), always=False))

    def _children(self, nodes: Iterable[ast.AST], place: Place) -> None:
        for node in nodes:
            if isinstance(node, ast.stmt):
                self.body([node], place)
            elif isinstance(node, ast.expr):
                self._expression(node, place)
            else:  # a handler, a case, an item of with, a comprehension, a keyword
                self._children(ast.iter_child_nodes(node), place)

    # ---- expressions

    def _expression(self, node: ast.expr, place: Place) -> None:
        match node:
            case ast.Call():
                self._call(node, place)
            case ast.Lambda():
                self._expression(node.body, Place(inner_scope(node, place.scope), always=False))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self._expression(test, place)
                self._children([body, orelse], place.after(test))
            case ast.BoolOp(values=[first, *others]):
                self._expression(first, place)
                self._children(others, place.after(first))
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._children(ast.iter_child_nodes(node), place.maybe())
            case ast.Attribute(value=value, ctx=ast.Load()):
                self._attribute(node, place)
                self._expression(value, place)
            case ast.Name(id=name, ctx=ast.Load()) if name in OLD_NAMES:
                if place.scope.found(name) is None and not place.catches("NameError"):
                    self._note(node.lineno, python_2(name), place, everywhere=True)
            case _:
                self._children(ast.iter_child_nodes(node), place)

    def _call(self, node: ast.Call, place: Place) -> None:
        match self._reader.meaning(node.func, place.scope):
            case AlgorithmFunction(name=name):
                self._algorithm(node, name, place)
                if name in declared():
                    for text in wrong_arguments(declared()[name], node):
                        self._note(node.lineno, text, place, everywhere=True)
            case Method(name=name, owner=owner) if name in MAKERS and owner in _MANAGERS:
                self._created(node, place)
            case Method(name="setProperty" | "setPropertyValue", owner=AlgorithmInHand(algorithm=name)):
                self._property(node, name, place)
            case Unbound(name=name) if name[:1].isupper() and self._is_misspelled(name):
                self._note(node.lineno, no_such_algorithm(name, _known()), place, everywhere=True)
            case OtherName(module=module, name=name):
                self._other_name(node.lineno, module, name, place)
        self._sys_path(node)
        self._children(ast.iter_child_nodes(node), place)

    def _algorithm(self, node: ast.Call, name: str, place: Place) -> None:
        if name not in declared():
            self._note(node.lineno, not_implemented(name, declared()), place)

    def _created(self, node: ast.Call, place: Place) -> None:
        match node.args:
            case [ast.Constant(value=str() as name), *_]:
                if is_algorithm(name):
                    self._algorithm(node, name, place)
                elif name not in self._own_classes and self._is_misspelled(name):
                    self._note(node.lineno, no_such_algorithm(name, _known()), place, everywhere=True)

    def _property(self, node: ast.Call, algorithm: str, place: Place) -> None:
        match node.args:
            case [ast.Constant(value=str() as name), *_] if algorithm in declared():
                if declared()[algorithm].argument(name) is None:
                    self._note(node.lineno, unknown_argument(declared()[algorithm], name), place, everywhere=True)

    def _attribute(self, node: ast.Attribute, place: Place) -> None:
        name = node.attr
        if name.startswith("_") or place.catches("AttributeError"):
            return
        match self._reader.meaning(node.value, place.scope):
            case MantidObject(kind="str"):
                if not hasattr(str, name) and name not in methods():
                    self._note(node.lineno, no_such_method(WORKSPACE, name, methods()), place)
            case MantidObject(kind=kind) if name not in methods():
                self._note(node.lineno, no_such_method(kind, name, methods()), place)
            case OtherName(module=module, name=owner):
                self._other_name(node.lineno, module, owner, place)
                there = methods_by_class().get(SINGLE.get(owner, ""), ())
                if there and name not in there:
                    self._note(node.lineno, no_such_method(SINGLE[owner], name, there), place)
            case Module(name=module):
                listed = names_in(module)
                if listed is not None and name not in listed and not is_algorithm(name):
                    self._no_name(node.lineno, module, name, listed, place)

    def _other_name(self, line: int, module: str, name: str, place: Place) -> None:
        """A name that is called, or of which something is used."""
        if names() and name in (names_in(module) or ()) and name not in names():
            self._note(line, not_implemented_name(module, name), place)

    def _sys_path(self, node: ast.Call) -> None:
        """Note ``sys.path.append(folder)`` and ``sys.path.insert(0, folder)``."""
        if dotted(node.func) in ("sys.path.append", "sys.path.insert", "sys.path.extend") and node.args:
            folder = node.args[-1]
            self.folders.append(str(folder.value) if isinstance(folder, ast.Constant) else "")

    # ---- imports

    def _import(self, line: int, names: Iterable[str], place: Place) -> None:
        for name in names:
            if name.partition(".")[0] != "mantid":
                self._foreign(line, name, place)
            elif name not in modules():
                parts = name.split(".")
                known = next(n for n in range(1, len(parts)) if ".".join(parts[: n + 1]) not in modules())
                module = ".".join(parts[:known])
                self._no_name(line, module, parts[known], names_in(module) or (), place)

    def _import_from(self, line: int, module: str, names: Iterable[str], place: Place) -> None:
        if module.partition(".")[0] != "mantid" or module not in modules():
            self._import(line, [module], place)
            return
        listed = names_in(module)
        for name in names:
            known = listed is None or name in listed or f"{module}.{name}" in modules()
            if name != "*" and not known and not is_algorithm(name):
                self._no_name(line, module, name, listed or (), place)

    def _foreign(self, line: int, module: str, place: Place) -> None:
        handled = place.catches(*_IMPORT_ERRORS)
        self.imports.append(ForeignImport(module=module, line=line, always=place.always, handled=handled))

    def _is_misspelled(self, name: str) -> bool:
        """True if an algorithm of Mantid is near."""
        if name not in self._asked and len(self._asked) < MOST_NAMES:
            self._asked[name] = bool(closest(name, _known()))
        return self._asked.get(name, False)

    def _no_name(self, line: int, module: str, name: str, listed: Iterable[str], place: Place) -> None:
        handled = place.catches(*_IMPORT_ERRORS, "AttributeError")
        misspelled = bool(closest(name, listed))
        self._note(line, no_such_name(module, name, listed), place, everywhere=misspelled, handled=handled)

    def _note(self, line: int, text: str, place: Place, *, everywhere: bool = False, handled: bool = False) -> None:
        one = Obstacle(
            line=line, text=text, everywhere=everywhere, always=place.always, handled=handled or place.catches()
        )
        self.obstacles.append(one)
        if len(self.obstacles) >= MOST_OBSTACLES:
            raise _Enough


def _is_foreign(module: str) -> bool:
    """True for a module of which nobody knows the names: it may have one that is also Mantid's."""
    return module not in modules() and module.partition(".")[0] not in sys.stdlib_module_names


_IMPORT_ERRORS = ("ImportError", "ModuleNotFoundError")
_MANAGERS = tuple(OtherName(module, "AlgorithmManager") for module in ("mantid", "mantid.api", "mantid.simpleapi"))


def _known() -> Iterator[str]:
    yield from declared()
    yield from sorted(algorithms())
