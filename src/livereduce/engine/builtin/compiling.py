"""Report that kernels are being compiled: with an empty cache, that takes a minute in which nothing else happens."""

from collections.abc import Callable
from typing import Any

from numba.core import event

COMPILING = "compiling kernels for this machine; this takes about a minute, once"


class _Listener(event.Listener):
    """numba calls it for each function that it compiles because it is not in the cache."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say = say

    def on_start(self, event: Any) -> None:  # noqa: ARG002 (numba's interface)
        self._say(COMPILING)

    def on_end(self, event: Any) -> None:
        """Do nothing: the next one begins, or the engine is ready."""


def tell_of_compiling(say: Callable[[str], object]) -> None:
    """Call `say` whenever compiling begins, in this process, from now on."""
    event.register("numba:compile", _Listener(say))  # type: ignore[no-untyped-call]
