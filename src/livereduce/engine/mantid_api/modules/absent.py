"""What a script gets for a name of Mantid's that the builtin engine does not have: it can be imported, not used.

A site's library imports far more than a live script calls. So the name is there, classes can be derived from it, and
`isinstance` says no; calling it, or asking for one of its attributes, says what is missing and what to do.
"""

import sys
from collections.abc import Callable
from pathlib import PurePath
from types import FrameType
from typing import Any, NoReturn

from livereduce.catalog.declared import declared
from livereduce.catalog.mantid_names import SIMPLEAPI
from livereduce.catalog.wording import not_implemented, not_implemented_name

_NO_WINDOW = "; nobody would see its window: SavePlot1D and publish_plot show results on the page"


def absent_algorithm(name: str) -> Callable[..., NoReturn]:
    """A function of ``mantid.simpleapi`` that raises when it is called."""

    def run(*args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(f"{not_implemented(name, declared())}; called in {place_of(sys._getframe(1))}")

    run.__name__ = run.__qualname__ = name
    run.__module__ = SIMPLEAPI
    run.__doc__ = f"{name} is an algorithm of Mantid that the builtin engine does not have."
    return run


class _Absent(type):
    """The type of a class that is not there."""

    _sentence: str

    def __call__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(f"{cls._sentence}; used in {place_of(sys._getframe(1))}")

    def __getattr__(cls, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(f"{cls._sentence}, so {cls.__name__}.{name} is not there; used in {_place_above()}")


def absent(module: str, name: str) -> Any:
    """A class, function or object of Mantid's that raises when it is used."""
    sentence = not_implemented_name(module, name) + (_NO_WINDOW if _draws(module, name) else "")
    return _Absent(name, (), {"_sentence": sentence, "__module__": module, "__doc__": sentence + "."})


def _draws(module: str, name: str) -> bool:
    return module.partition("mantid.plots")[1] != "" or name in ("plotSpectrum", "plotBin")


def place_of(frame: FrameType) -> str:
    """File and line of a call, for people."""
    return f"{PurePath(frame.f_code.co_filename).name}:{frame.f_lineno}"


def _place_above() -> str:
    return place_of(sys._getframe(2))
