"""Plotly for scripts written for any version of it.

``plotly.offline.plot`` drops arguments that the installed version no longer has (``show_link``), and writes numbers as
lists: newer versions write them in base64, which the facility's web monitor cannot read. Figures accept a ``range`` as
data, as they did when it was a list (Python 2).
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

PLOT, VALIDATORS = "plotly.offline", "_plotly_utils.basevalidators"


class PlotlyFinder(importlib.abc.MetaPathFinder):
    """Finds the modules to be mended where they are, and mends them when they are loaded."""

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,
        target: types.ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec that the other finders give, with a loader that mends; None for other modules."""
        if name not in _MENDS:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _MendingLoader(spec.loader, _MENDS[name])
        return spec

    @staticmethod
    def mend_loaded() -> None:
        """Mend those that are loaded already."""
        for name, mend in _MENDS.items():
            if name in sys.modules:
                mend(sys.modules[name])


class _MendingLoader(importlib.abc.Loader):
    def __init__(self, loader: importlib.abc.Loader, mend: Callable[[types.ModuleType], None]) -> None:
        self._loader, self._mend = loader, mend

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: types.ModuleType) -> None:
        self._loader.exec_module(module)
        self._mend(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


def _mend_plot(module: types.ModuleType) -> None:
    original = getattr(module, "plot", None)
    if original is not None and not hasattr(original, "mended"):
        mended = tolerant(original)
        mended.mended = True  # type: ignore[attr-defined]
        module.plot = mended  # type: ignore[attr-defined]


def _mend_validators(module: types.ModuleType) -> None:
    validator = getattr(module, "DataArrayValidator", None)
    original = getattr(validator, "validate_coerce", None)
    if validator is None or original is None or hasattr(original, "mended"):
        return

    @functools.wraps(original)
    def validate_coerce(self: Any, v: Any, *args: Any, **kwargs: Any) -> Any:
        return original(self, list(v) if isinstance(v, range) else v, *args, **kwargs)

    validate_coerce.mended = True  # type: ignore[attr-defined]
    validator.validate_coerce = validate_coerce


_MENDS: dict[str, Callable[[types.ModuleType], None]] = {PLOT: _mend_plot, VALIDATORS: _mend_validators}


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
