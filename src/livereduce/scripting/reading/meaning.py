"""What an expression of a script is of Mantid: a module, an algorithm, or an object with methods.

Cautious: where a name has bindings that differ, or one that is not known, nothing is said of it.
"""

import ast
import builtins
from dataclasses import dataclass

from livereduce.catalog.declaration import ArgumentKind
from livereduce.catalog.declared import declared
from livereduce.catalog.mantid_names import algorithms, modules, names_in
from livereduce.catalog.present import methods
from livereduce.scripting.reading.scopes import Binding, Given, Imported, NameScope

SIMPLEAPI = "mantid.simpleapi"
WORKSPACE, RUN, INSTRUMENT = "MatrixWorkspace", "RunLogs", "InstrumentView"
"""Names of the classes, as Python's errors say them."""
TEXT = "str"
SINGLE = {"mtd": "WorkspaceStore", "AnalysisDataService": "WorkspaceStore", "logger": "Logger"}
"""Classes of objects of which there is one, by their names in Mantid's modules."""
STORES = frozenset({"mtd", "AnalysisDataService"})
RETURNED = {
    "run": RUN,
    "getRun": RUN,
    "getInstrument": INSTRUMENT,
    "clone": WORKSPACE,
    "getMonitorWorkspace": WORKSPACE,
}
"""Class of what a method returns, whatever object has it."""
MAKERS = frozenset({"create", "createUnmanaged", "createChildAlgorithm"})
OF_SPECTRA = frozenset({ArgumentKind.READS, ArgumentKind.CHANGES})


@dataclass(frozen=True, slots=True)
class Module:
    """A module of Mantid's."""

    name: str


@dataclass(frozen=True, slots=True)
class AlgorithmFunction:
    """The function of simpleapi for an algorithm."""

    name: str


@dataclass(frozen=True, slots=True)
class OtherName:
    """Another name of a module of Mantid's."""

    module: str
    name: str


@dataclass(frozen=True, slots=True)
class MantidObject:
    """An object of a class of Mantid's."""

    kind: str


@dataclass(frozen=True, slots=True)
class AlgorithmInHand:
    """An algorithm that a script has made by its name, to set its properties one by one."""

    algorithm: str


@dataclass(frozen=True, slots=True)
class Method:
    """A method of an object or of a name of Mantid's."""

    owner: MantidObject | OtherName | AlgorithmInHand
    name: str


@dataclass(frozen=True, slots=True)
class Unbound:
    """A name that nothing binds, and that neither Python nor Mantid has."""

    name: str


Meaning = Module | AlgorithmFunction | OtherName | MantidObject | AlgorithmInHand | Method | Unbound | None


def dotted(node: ast.expr) -> str:
    """``sys.path.append`` as text; empty for another kind of expression."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def is_algorithm(name: str) -> bool:
    """True if Mantid has an algorithm of this name, or the builtin engine."""
    return name in algorithms() or name in declared()


class Reader:
    """Finds the meaning of expressions in a text. `is_script`: simpleapi's names are there without an import."""

    def __init__(self, root: NameScope, *, is_script: bool) -> None:
        self._root = root
        self._is_script = is_script
        self._active: set[tuple[NameScope, str]] = set()
        self._known: dict[tuple[NameScope, str], Meaning] = {}

    def meaning(self, node: ast.expr, scope: NameScope) -> Meaning:
        """The meaning of an expression; None if nothing is known."""
        match node:
            case ast.Name(id=name):
                return self._of_name(name, scope)
            case ast.Attribute(value=value, attr=attr):
                return _attribute(self.meaning(value, scope), attr)
            case ast.Call(func=func, args=args):
                return _called(self.meaning(func, scope), args)
            case ast.Subscript(value=value):
                return MantidObject(WORKSPACE) if _is_store(self.meaning(value, scope)) else None
        return None

    def _of_name(self, name: str, scope: NameScope) -> Meaning:
        bound = scope.found(name)
        if bound is None:
            return self._unbound(name)
        place, bindings = bound
        key = (place, name)  # the scope itself: its id may be that of a later one when it is gone
        if key in self._active or key in self._known:
            return self._known.get(key)
        self._active.add(key)
        try:
            meanings = {self._of_binding(one, place) for one in bindings if not _repeats(one, name)}
        finally:
            self._active.discard(key)
        found = meanings.pop() if len(meanings) == 1 else None
        if not self._active:  # otherwise it may depend on where the question came from
            self._known[key] = found
        return found

    def _of_binding(self, binding: Binding, scope: NameScope) -> Meaning:
        match binding:
            case Given(kind=kind):
                return MantidObject(kind)
            case Imported(module=module, name=""):
                return Module(module) if module in modules() else None
            case Imported(module=module, name=name):
                return _attribute(Module(module), name) if module in modules() else None
            case ast.expr():
                return self.meaning(binding, scope)
        return None

    def _unbound(self, name: str) -> Meaning:
        if hasattr(builtins, name) or name.startswith("__"):
            return None
        stars = [*(["mantid", SIMPLEAPI] if self._is_script else []), *self._root.stars]
        for module in stars:
            if module in modules() and name in (names_in(module) or ()):
                return Module("mantid") if name == "mantid" else _attribute(Module(module), name)
        return Unbound(name) if stars and all(module in modules() for module in stars) else None


def _repeats(binding: Binding, name: str) -> bool:
    """True for ``ws = ws.clone()``, which says nothing that the first binding of `ws` does not say."""
    node = binding
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node is not binding and isinstance(node, ast.Name) and node.id == name and _keeps_kind(binding)


def _keeps_kind(binding: Binding) -> bool:
    return isinstance(binding, ast.Call) and isinstance(binding.func, ast.Attribute) and binding.func.attr == "clone"


def _attribute(owner: Meaning, name: str) -> Meaning:
    match owner:
        case Module(name=module):
            if f"{module}.{name}" in modules():
                return Module(f"{module}.{name}")
            if module in ("mantid", SIMPLEAPI) and is_algorithm(name):
                return AlgorithmFunction(name)
            return OtherName(module, name)
        case MantidObject() | OtherName() | AlgorithmInHand():
            return Method(owner, name)
    return None


def _is_store(meaning: Meaning) -> bool:
    return isinstance(meaning, OtherName) and meaning.name in STORES


def _called(function: Meaning, args: list[ast.expr]) -> Meaning:
    match function:
        case Method(owner=OtherName(name="AlgorithmManager"), name=name) if name in MAKERS:
            first = args[0] if args else None
            return AlgorithmInHand(str(first.value)) if isinstance(first, ast.Constant) else None
        case AlgorithmFunction(name=name):
            return MantidObject(WORKSPACE) if _makes_spectra(name) else None
        case Method(owner=OtherName() as owner, name="retrieve"):
            return MantidObject(WORKSPACE) if _is_store(owner) else None
        case Method(owner=MantidObject(), name=name):
            return MantidObject(RETURNED[name]) if name in RETURNED and name in methods() else None
    return None


def _makes_spectra(name: str) -> bool:
    """True if a call of an algorithm gives one workspace, made of one of spectra."""
    algorithm = declared().get(name)
    if algorithm is None:
        return False
    makes = [one.kind for one in algorithm.outputs]
    return makes == [ArgumentKind.MAKES] and any(one.kind in OF_SPECTRA for one in algorithm.arguments)
