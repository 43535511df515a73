"""Stretches of arrays: where each begins and ends."""

import numpy as np
from numpy.typing import ArrayLike

from livereduce.stream.items import B1, I8


def starts_of(sizes: ArrayLike) -> I8:
    """Beginnings of several consecutive stretches, and the end of the last: shape (n + 1,)."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)])


def stretches_of(mask: B1) -> I8:
    """Stretches [start, end) in which a mask is True, shape (k, 2)."""
    padded = np.concatenate(([False], mask, [False]))
    return np.flatnonzero(padded[1:] != padded[:-1]).reshape(-1, 2)


def by_owner(owner: I8, owners: int) -> tuple[I8, I8]:
    """Entries in the order of their owners, without those of -1, and where those of each begin and the last end."""
    order = np.argsort(owner, kind="stable")
    order = order[np.searchsorted(owner[order], 0) :]
    return order, starts_of(np.bincount(owner[order], minlength=owners))
