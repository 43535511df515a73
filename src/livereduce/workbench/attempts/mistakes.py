"""What in an attempt is surely a mistake, although nothing failed. Pure."""

from collections.abc import Iterator, Sequence

import numpy as np

from livereduce.messages.progress import Progress
from livereduce.publish.product import Product

MOSTLY = 0.5
"""From this share on, events that are in no plot are worth a word."""


def mistakes(
    progress: Progress, products: Sequence[Product], first: Product | None = None, played: int | None = None
) -> tuple[str, ...]:
    """Sentences for the author of the scripts.

    Parameters
    ----------
    progress
        The last of the attempt.
    products
        Its results.
    first
        An earlier version of one of them, made of fewer chunks; None if there was none.
    played
        How many events were played to Mantid; None if it was not Mantid.
    """
    events = (*_of_played(progress, played or 0), *_of_events(progress, products, played or 0))
    return (*events, *(text for one in products for text in _of_product(one, first)))


def _of_played(progress: Progress, played: int) -> Iterator[str]:
    events = progress.total.events
    if events < played:
        yield (
            f"{_number(played)} events were played to Mantid, and it counts {_number(events)}: the others are in "
            "pixels that its instrument does not have, came in a pause, or are in no bin "
            '(with "preserve_events": false, proc must Rebin)'
        )


def _of_events(progress: Progress, products: Sequence[Product], played: int) -> Iterator[str]:
    events, run = progress.total.events, progress.run
    if not events and played:
        return
    if not events:
        yield "no event came: the data have none, or they end before the first"
        return
    if not products:
        yield f"{_number(events)} events came, and there is no result"
    for count, why in ((run.outside_tof, "outside the time-of-flight bins"), (run.unknown_pixel, "in unknown pixels")):
        if count > MOSTLY * run.events:
            yield f"{_number(count)} of {_number(run.events)} events are {why}, so no plot shows them"


def _of_product(product: Product, first: Product | None) -> Iterator[str]:
    signal, name = product.signal, f"`{product.name}`"
    events = product.events
    if not signal.size:
        yield f"{name} has no values"
        return
    bad = int(np.count_nonzero(~np.isfinite(signal)))
    if bad:
        yield f"{_number(bad)} of {_number(signal.size)} values of {name} are no numbers (NaN or infinite)"
    if bad < signal.size and not np.any(signal[np.isfinite(signal)]):
        yield f"{_number(events)} events, 0 in {name}: all its values are zero"
    elif first is not None and _stands_still(product, first):
        before = _number(first.events)
        yield f"{name} is the same after {before} and after {_number(events)} events: it ignores the data"


def _stands_still(product: Product, first: Product) -> bool:
    same = (product.name, product.run, product.signal.shape) == (first.name, first.run, first.signal.shape)
    more = product.events != first.events
    return same and more and bool(np.array_equal(product.signal, first.signal, equal_nan=True))


def _number(count: int) -> str:
    return f"{count:,}"
