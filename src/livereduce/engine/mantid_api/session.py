"""The store that the modules of Mantid mean: that of the script's call that is running."""

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from livereduce.engine.workspaces.mtd import WorkspaceStore

_outside = WorkspaceStore()
_of_this_call: ContextVar[WorkspaceStore | None] = ContextVar("livereduce_store", default=None)
_of_running_calls: list[WorkspaceStore] = []
"""A thread that a script has started does not have the context of the call: it means the newest one."""
_newest: weakref.ref[WorkspaceStore] | None = None
"""The store of the call that began last, for a thread that goes on when it has ended."""


@contextmanager
def using(store: WorkspaceStore) -> Iterator[None]:
    """Let the modules of Mantid mean this store."""
    global _newest
    _newest = weakref.ref(store)
    token = _of_this_call.set(store)
    _of_running_calls.append(store)
    try:
        yield
    finally:
        _of_running_calls.remove(store)
        store.forget_imported()
        _of_this_call.reset(token)


def current_store() -> WorkspaceStore:
    """The store of the running call; between calls that of the last one; before any, one of the process's own."""
    mine = _of_this_call.get()
    if mine is not None:  # an empty store is false
        return mine
    if _of_running_calls:
        return _of_running_calls[-1]
    newest = _newest() if _newest is not None else None
    return _outside if newest is None else newest
