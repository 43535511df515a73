"""The modules that publish plots, where they are not installed; and what scripts need of plotly and matplotlib.

The finder stands last on `sys.meta_path`: a module that is installed, or lies beside the scripts, comes first.
"""

import importlib.abc
import importlib.machinery
import os
import sys
import types
from collections.abc import Sequence
from typing import Any

from livereduce.base.extras import requirement_of
from livereduce.catalog.wording import no_library
from livereduce.engine.mantid_api.helpers import publishing
from livereduce.engine.mantid_api.helpers.plotly_shim import PlotlyFinder

_PACKAGES = ("finddata", "postprocessing")
_PUBLISH = tuple(f"{package}.publish_plot" for package in _PACKAGES)
MODULES = (*_PACKAGES, *_PUBLISH, "plot_publisher")
NOT_OURS = ("plotly", "matplotlib")
"""Libraries that scripts draw with; they come with the extra of the page."""


class _Callable(types.ModuleType):
    """``publish_plot`` is a module in one version of finddata and a function in another; scripts do both."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return publishing.publish_plot(*args, **kwargs)


class HelperFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the modules that publish, and says how to get those that draw."""

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG002
        target: types.ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of one of our modules; None for others.

        Raises
        ------
        ModuleNotFoundError
            Plotly or matplotlib is missing; the text says how to install it.
        """
        if name in NOT_OURS:
            raise ModuleNotFoundError(no_library(name, requirement_of(name)), name=name)
        if name not in MODULES:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=name in _PACKAGES)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """A module with its functions."""
        module = _Callable(spec.name) if spec.name in _PUBLISH else types.ModuleType(spec.name)
        module.__doc__ = "Publishes plots through livereduce, since it is not installed itself."
        if spec.name not in _PACKAGES:
            vars(module).update(publishing.NAMES)
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        """A package gets its part at once: ``finddata.publish_plot`` needs no import of its own."""
        if module.__name__ in _PACKAGES:
            importlib.import_module(f"{module.__name__}.publish_plot")


def install() -> None:
    """Let scripts import them, once; matplotlib draws into files from now on, since a service has no screen."""
    os.environ["MPLBACKEND"] = "Agg"
    if not any(isinstance(finder, HelperFinder) for finder in sys.meta_path):
        sys.meta_path.append(HelperFinder())
        sys.meta_path.insert(0, PlotlyFinder())
    PlotlyFinder.mend_loaded()


def uninstall() -> None:
    """Take the finders and their modules away."""
    ours = (HelperFinder, PlotlyFinder)
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, ours)]
    for name in MODULES:
        if isinstance(getattr(sys.modules.get(name), "__loader__", None), HelperFinder):
            del sys.modules[name]
