"""Parts of scipp arrays. Without an import of scipp: whoever has such an array has imported it."""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.engine.showing.part import ShownPart
from livereduce.publish.product import Axis

NOT_SCALARS = frozenset({"vector3", "linear_transform3", "affine_transform3", "rotation3", "translation3"})
"""scipp types that hold several numbers per point."""


def scipp_array(thing: object) -> Any:
    """The DataArray that a scipp DataArray or Variable is; None for anything else."""
    sc = sys.modules.get("scipp")
    if sc is None:
        return None
    if isinstance(thing, sc.Variable):
        return sc.DataArray(thing)
    return thing if isinstance(thing, sc.DataArray) else None


def part_of_array(array: Any) -> ShownPart:
    """A dense DataArray with its dimensions as axes; what is masked is NaN.

    Raises
    ------
    TypeError
        Its values are not numbers, one a point.
    """
    if str(array.dtype) in NOT_SCALARS:
        raise TypeError(
            f"the values of a result must be numbers, one a point: along {_dims(array)} they are {array.dtype}; "
            "publish one of their components or their length, as in `output.fields.x` or `sc.norm(output)`"
        )
    signal = _numbers(array.values)
    errors = None if array.variances is None else np.sqrt(_numbers(array.variances))
    for mask in array.masks.values():
        signal = np.where(mask.broadcast(sizes=array.sizes).values, np.nan, signal)
    axes = tuple(_axis(array, dim) for dim in array.dims)
    return ShownPart(signal=signal, axes=axes, errors=errors, units=_unit(array.unit))


def _axis(array: Any, dim: str) -> Axis:
    size = array.sizes[dim]
    coord = array.coords.get(dim)
    values = None if coord is None else np.asarray(coord.values)
    if coord is None or values is None or coord.dims != (dim,) or not _are_numbers(values):
        return Axis(name=dim, values=np.arange(size, dtype=np.float64))
    return Axis(name=dim, values=values.astype(np.float64), units=_unit(coord.unit))


def _are_numbers(values: "np.ndarray[Any, Any]") -> bool:
    # vectors have one dimension more than they report
    return values.ndim == 1 and np.issubdtype(values.dtype, np.number)


def _dims(array: Any) -> str:
    return ", ".join(map(repr, array.dims)) or "no dimension"


def _unit(unit: object) -> str:
    return "" if unit is None or str(unit) in ("None", "dimensionless") else str(unit)


def _numbers(values: object) -> NDArray[np.float64]:
    array = np.asarray(values)
    if not (np.issubdtype(array.dtype, np.number) or array.dtype == np.bool_):
        raise TypeError(f"the values of a result must be numbers, not {array.dtype}")
    return array.astype(np.float64)
