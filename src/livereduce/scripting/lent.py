"""Built-in names that a script has replaced: its own while it runs, Python's otherwise.

A script may replace `print` or `open`, on purpose or by accident. That must hold during its calls, as it expects, but
not in the rest of the worker, which would fail at its next line.
"""

import builtins
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_OF_PYTHON: dict[str, Any] = dict(vars(builtins))
_of_scripts: dict[str, Any] = {}


@contextmanager
def own_builtins() -> Iterator[None]:
    """Restore a script's replaced names for a call, and Python's after it."""
    names = vars(builtins)
    names.update(_of_scripts)
    try:
        yield
    finally:
        now = dict(names)
        _of_scripts.clear()
        for name, original in _OF_PYTHON.items():
            if name not in now or now[name] is not original:
                if name in now:
                    _of_scripts[name] = now[name]
                names[name] = original
