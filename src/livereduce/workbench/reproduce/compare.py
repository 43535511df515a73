"""Compare two products to the bit: what differs, in sentences. Pure."""

import numpy as np
from numpy.typing import NDArray

from livereduce.publish.product import Product

FACTS = ("events", "pulses", "outside_tof", "unknown_pixel", "parameters")
"""Attributes that must be the same; times of writing and reasons for people need not."""

F8 = NDArray[np.float64]


def differences(product: Product, again: Product) -> tuple[str, ...]:
    """A sentence on each part of a product that comes out differently; empty if all bits are the same."""
    if product.signal.shape != again.signal.shape:
        return (f"it has shape {product.signal.shape}, recomputed {again.signal.shape}",)
    found = [_values("value", product.signal, again.signal, product, product.units)]
    if product.errors is not None and again.errors is not None:
        found.append(_values("error", product.errors, again.errors, product, product.units))
    elif (product.errors is None) != (again.errors is None):
        found.append("it has errors, recomputed none" if again.errors is None else "it has no errors, recomputed some")
    for axis, other in zip(product.axes, again.axes, strict=True):
        if (axis.name, axis.units) != (other.name, other.units):
            found.append(f"axis {axis.name} ({axis.units}) is {other.name} ({other.units}) when recomputed")
        elif axis.values.shape != other.values.shape:
            found.append(f"axis {axis.name} has {len(axis.values)} values, recomputed {len(other.values)}")
        elif axis.values.tobytes() != other.values.tobytes():
            found.append(f"axis {axis.name} has other values when recomputed")
    if product.units != again.units:
        found.append(f"units are {product.units!r}, recomputed {again.units!r}")
    found += [
        f"{name} is {_fact(product, name)}, recomputed {_fact(again, name)}"
        for name in FACTS
        if _fact(product, name) != _fact(again, name)
    ]
    return tuple(filter(None, found))


def _fact(product: Product, name: str) -> object:
    return product.attributes.get(name, "not known")


def _values(what: str, before: F8, after: F8, product: Product, units: str) -> str:
    """A sentence on values that differ in any bit; empty if none does."""
    before, after = (np.array(one, np.float64, order="C") for one in (before, after))
    differ = before.view(np.int64) != after.view(np.int64)
    if not differ.any():
        return ""
    with np.errstate(invalid="ignore", over="ignore"):
        deviation = np.where(differ, np.abs(after - before), 0.0)
    deviation[differ & ~np.isfinite(deviation)] = np.inf
    worst = np.unravel_index(int(np.argmax(deviation)), deviation.shape)
    told = f"{int(differ.sum())} of {before.size} {what}s differ"
    at = _at(product, tuple(map(int, worst)))
    return f"{told}, most{at}: {before[worst]:.10g}, recomputed {after[worst]:.10g} ({units})"


def _at(product: Product, index: tuple[int, ...]) -> str:
    if not index:
        return ""
    places = (
        f"{axis.name} {axis.values[place]:.6g}{' ' + axis.units if axis.units else ''}"
        for axis, place in zip(product.axes, index, strict=True)
    )
    return f" at {', '.join(places)}"
