"""What the builtin engine needs in memory: little before it begins, or everything, so that nothing is waited for."""

import pkgutil
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

import livereduce.engine
from livereduce.stream.compiled import declared
from livereduce.stream.compiling import kernels_in, load, tell_of_compiling

if TYPE_CHECKING:
    from livereduce.engine.builtin.engine import BuiltinEngine

LIBRARIES = ("scipp", "h5py", "scipy.optimize")
"""Imported where they are first used: scripts and products ask for them."""
_OTHERS = "livereduce.engine.mantid"


def load_engine(say: Callable[[str], object]) -> "type[BuiltinEngine]":
    """The class of the engine, with the kernels of counting alone. `say` is told of compiling, now and later."""
    tell_of_compiling(say)
    from livereduce.engine.builtin.engine import BuiltinEngine

    load(kernels_in("livereduce.engine.counting"))
    return BuiltinEngine


def load_everything(say: Callable[[str], object]) -> "type[BuiltinEngine]":
    """The class of the engine, with every algorithm, every kernel and what they stand on."""
    make_engine = load_engine(say)
    for name in (*modules(), *LIBRARIES):
        import_module(name)
    load(declared)
    return make_engine


def modules() -> list[str]:
    """All modules of this engine and of the streams that it reads."""
    found = pkgutil.walk_packages(livereduce.engine.__path__, "livereduce.engine.")
    engine = [one.name for one in found if not f"{one.name}.".startswith(f"{_OTHERS}.")]
    return [*engine, "livereduce.stream.adara.client", "livereduce.stream.nexus"]
