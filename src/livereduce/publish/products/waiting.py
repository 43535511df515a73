"""Failed writes: which products and ends of runs wait for the disk, and for how long. Pure.

A result in mid-run is followed by the next one, but a run's last result is not. So it waits until the disk has space,
also while the next run is reduced. The waiting data are bounded; a run whose last result had to be dropped says so when
it is closed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from livereduce.publish.product import Product
from livereduce.publish.products.index import joined_reasons

MAX_WAITING = 32
MAX_ENDS = 1000
MAX_BYTES = 256 << 20
"""Four of the largest results (64 MB with errors each)."""
DROPPED = "its last result could not be written: too many others waited for the disk"


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The end of a run, and what is missing in products that were not written with its last data."""

    run: int
    incomplete: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingWrites:
    """Writes to be done, the oldest first.

    Attributes
    ----------
    ends
        Ends of runs. A run is closed when none of its products waits any more.
    given_up
        Why the newest result of a run and name will never be written; the file on disk is older.
    due_s
        When failed writes are tried again.
    """

    products: tuple[Product, ...] = ()
    ends: tuple[End, ...] = ()
    given_up: Mapping[tuple[int, str], str] = field(default_factory=dict)
    due_s: float = 0.0

    def is_due(self, now: float) -> bool:
        """True if something waits and a retry is due."""
        return bool(self.products or self.ends) and now >= self.due_s


def add_product(waiting: WaitingWrites, product: Product) -> WaitingWrites:
    """Add a result; it replaces one of the same run and name."""
    others = tuple(one for one in waiting.products if _key(one) != _key(product))
    waiting = replace(waiting, products=(*others, product))
    while len(waiting.products) > 1 and _is_too_much(waiting.products):
        waiting = give_up(waiting, waiting.products[0], DROPPED)
    return waiting


def add_end(waiting: WaitingWrites, end: End) -> WaitingWrites:
    """Add the end of a run."""
    others = tuple(one for one in waiting.ends if one.run != end.run)
    return replace(waiting, ends=(*others, end)[-MAX_ENDS:])


def ready_ends(waiting: WaitingWrites) -> tuple[End, ...]:
    """Ends of runs without waiting products, with the reasons why some last results are not on disk."""
    held = {product.run for product in waiting.products}
    return tuple(
        replace(end, incomplete=joined_reasons(end.incomplete, *_reasons(waiting, end.run)))
        for end in waiting.ends
        if end.run not in held
    )


def written(waiting: WaitingWrites, product: Product) -> WaitingWrites:
    """Record that a product is on disk."""
    left = {key: reason for key, reason in waiting.given_up.items() if key != _key(product)}
    return replace(waiting, products=tuple(one for one in waiting.products if one is not product), given_up=left)


def give_up(waiting: WaitingWrites, product: Product, reason: str) -> WaitingWrites:
    """Record that a product will never be written."""
    return replace(written(waiting, product), given_up={**waiting.given_up, _key(product): reason})


def is_written(waiting: WaitingWrites, product: Product) -> bool:
    """True if no result of its run and name waits or was given up."""
    return _key(product) not in waiting.given_up and all(_key(one) != _key(product) for one in waiting.products)


def closed(waiting: WaitingWrites, run: int) -> WaitingWrites:
    """Record that the end of a run is on disk."""
    left = {key: reason for key, reason in waiting.given_up.items() if key[0] != run}
    return replace(waiting, ends=tuple(end for end in waiting.ends if end.run != run), given_up=left)


def _reasons(waiting: WaitingWrites, run: int) -> list[str]:
    return list(dict.fromkeys(reason for key, reason in waiting.given_up.items() if key[0] == run))


def _key(product: Product) -> tuple[int, str]:
    return product.run, product.name


def _is_too_much(products: tuple[Product, ...]) -> bool:
    return len(products) > MAX_WAITING or sum(map(_size, products)) > MAX_BYTES


def _size(product: Product) -> int:
    errors = 0 if product.errors is None else product.errors.nbytes
    return product.signal.nbytes + errors + sum(axis.values.nbytes for axis in product.axes)
