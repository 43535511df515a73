"""Load kernels ahead of their first call, and tell of compiling: on a new machine it takes seconds for each."""

from collections.abc import Callable, Iterable
from typing import Any

from numba.core import event

from livereduce.stream.compiled import Kernel, declared

COMPILING = "compiling kernels for this machine, once"

Say = Callable[[str], object]


class _Listener(event.Listener):
    """numba calls it for each function that it compiles because it is not in the cache."""

    def __init__(self) -> None:
        self.say: Say | None = None
        self.place = ""
        event.register("numba:compile", self)  # type: ignore[no-untyped-call]

    def on_start(self, event: Any) -> None:  # noqa: ARG002 (numba's interface)
        if self.say is not None:
            self.say(f"{COMPILING}{self.place}")

    def on_end(self, event: Any) -> None:
        """Do nothing: the next one begins, or what needed it goes on."""


_listener = _Listener()


def tell_of_compiling(say: Say | None) -> None:
    """Call `say` whenever compiling begins, in this process, from now on; None: no longer."""
    _listener.say = say


def kernels_in(*rooms: str) -> list[Kernel]:
    """The kernels declared so far in these modules or packages, such as ``livereduce.stream``."""
    return [one for one in declared if any(f"{one.__module__}.".startswith(f"{room}.") for room in rooms)]


def load(kernels: Iterable[Kernel]) -> None:
    """Load these kernels, or compile them, which is told with their number; those that are loaded cost nothing."""
    wanted = list(kernels)
    try:
        for number, one in enumerate(wanted, start=1):
            _listener.place = f" ({number} of {len(wanted)})"
            one.compiled()
    finally:
        _listener.place = ""
