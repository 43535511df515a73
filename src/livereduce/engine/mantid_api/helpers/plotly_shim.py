"""``plotly.offline.plot`` for scripts written for any version of plotly.

Arguments that the installed version no longer has (``show_link``) are dropped, and numbers are written as lists: newer
versions write them in base64, which the facility's web monitor cannot read.
"""

import base64
import functools
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import sys
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

NAME = "plotly.offline"


class PlotlyFinder(importlib.abc.MetaPathFinder):
    """Finds ``plotly.offline`` where it is, and mends it when it is loaded."""

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,
        target: types.ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec that the other finders give, with a loader that mends; None for other modules."""
        if name != NAME:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _MendingLoader(spec.loader)
        return spec

    @staticmethod
    def mend_loaded() -> None:
        """Mend it if it is loaded already."""
        if NAME in sys.modules:
            _mend(sys.modules[NAME])


class _MendingLoader(importlib.abc.Loader):
    def __init__(self, loader: importlib.abc.Loader) -> None:
        self._loader = loader

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: types.ModuleType) -> None:
        self._loader.exec_module(module)
        _mend(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


def _mend(module: types.ModuleType) -> None:
    original = getattr(module, "plot", None)
    if original is not None and not hasattr(original, "mended"):
        mended = tolerant(original)
        mended.mended = True  # type: ignore[attr-defined]
        module.plot = mended  # type: ignore[attr-defined]


def tolerant(plot: Callable[..., Any]) -> Callable[..., Any]:
    """The function, without keywords that it does not know, with lists in the figure, and without a browser."""
    parameters = inspect.signature(plot).parameters
    takes_all = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values())

    @functools.wraps(plot)
    def mended(figure_or_data: Any, *args: Any, **kwargs: Any) -> Any:
        known = kwargs if takes_all else {key: value for key, value in kwargs.items() if key in parameters}
        if "auto_open" in parameters:
            known = {**known, "auto_open": False}  # a service has no browser
        return plot(with_lists(figure_or_data), *args, **known)

    return mended


def with_lists(figure: Any) -> Any:
    """A figure as a dictionary whose numbers are lists; what is no figure stays as it is."""
    if not hasattr(figure, "to_dict"):
        return figure
    return _listed(figure.to_dict())


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return _numbers(value) if "bdata" in value else {key: _listed(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_listed(one) for one in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


def _numbers(packed: dict[str, Any]) -> list[Any]:
    """Numbers that plotly has packed: base64 of the bytes, type, and shape if there is more than one dimension."""
    array = np.frombuffer(base64.b64decode(packed["bdata"]), packed["dtype"])
    if shape := packed.get("shape"):
        sizes = shape.split(",") if isinstance(shape, str) else shape
        array = array.reshape([int(size) for size in sizes])
    numbers: list[Any] = array.tolist()
    return numbers
