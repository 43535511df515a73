"""Products and metrics as scipp objects. Pure.

A product comes as an NPZ file (`livereduce.web.render.arrays` writes it): ``signal``, ``errors``, ``axis_0`` … and
``facts.json``.
"""

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipp as sc

from livereduce.base.fields import checked
from livereduce.client.values import MetricAnswer, number, time_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _AxisFacts:
    name: str
    units: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What ``facts.json`` says of a product."""

    run: int
    name: str
    version: str
    title: str
    units: str
    axes: tuple[_AxisFacts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A product as it came, and which version of it this is."""

    version: str
    data: sc.DataArray


def product_of(packed: bytes) -> Arrived:
    """A product as a scipp object: variances from its errors, bin edges where it has them.

    Its facts (``run``, ``title``, ``events``, ``proton_charge``, ``incomplete`` …) are coordinates without a dimension
    that are not aligned: they do not hinder arithmetic of results of different runs. A unit that scipp does not know
    stands in the coordinate ``unit_text``, and the values have no unit.

    Raises
    ------
    ValueError
        These are not the bytes of a product.
    """
    try:
        with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
            body: dict[str, Any] = json.loads(arrays["facts.json"])
            facts = checked(_Facts, body)
            signal = arrays["signal"]
            errors = arrays.get("errors")
            axes = [arrays[f"axis_{place}"] for place in range(len(facts.axes))]
    except (KeyError, TypeError, EOFError, RecursionError, zipfile.BadZipFile) as error:
        raise ValueError(f"not the arrays of a product: {error}") from None
    dims = tuple(axis.name or f"dim_{place}" for place, axis in enumerate(facts.axes))
    unit, unit_text = _unit(facts.units)
    data = _variable(dims, signal, None if errors is None else errors**2, unit)
    coords = {}
    for dim, axis, values in zip(dims, facts.axes, axes, strict=True):
        coords[dim] = sc.array(dims=[dim], values=values, unit=_unit(axis.units)[0])
    found = sc.DataArray(data, coords=coords, name=facts.name)
    more = {"title": facts.title} | ({"unit_text": unit_text} if unit_text else {})
    _add_facts(found, {"run": facts.run, **more, **dict(body.get("attributes") or {})})
    return Arrived(version=facts.version, data=found)


def _variable(
    dims: tuple[str, ...], values: np.ndarray, variances: np.ndarray | None, unit: sc.Unit | None
) -> sc.Variable:
    if not dims:
        spread = None if variances is None else float(variances)
        return sc.scalar(float(values), variance=spread, unit=unit)
    return sc.array(dims=dims, values=values, variances=variances, unit=unit)


def _unit(text: str) -> tuple[sc.Unit | None, str]:
    """The unit of a text, or None and the text if scipp does not know it."""
    try:
        return sc.Unit(text or "dimensionless"), ""
    except sc.UnitError:
        return None, text


def _add_facts(data: sc.DataArray, facts: dict[str, Any]) -> None:
    for name, value in facts.items():
        if not isinstance(value, bool | int | float | str) or name in data.coords or name in data.dims:
            continue
        if name == "proton_charge_pc":
            name, fact = "proton_charge", sc.scalar(float(value), unit="pC")
        else:
            fact = sc.scalar(value, unit=None)
        data.coords[name] = fact
        data.coords.set_aligned(name, False)


def metric_of(answer: MetricAnswer) -> sc.DataArray:
    """A metric over a run: dimension ``time``, with the proton charge of the data that each value was computed from.

    Raises
    ------
    ValueError
        Its columns have different lengths.
    """
    at = [time_of(text) for text in answer.t]
    known = [place for place, time in enumerate(at) if time is not None]
    value, error, charge = (
        np.array([number(column[place]) for place in known]) for column in _columns(answer, len(at))
    )
    times = np.array([round(at[place].timestamp() * 1e3) for place in known], dtype="datetime64[ms]")  # type: ignore[union-attr]
    unit, _ = _unit(answer.units)
    has_errors = not np.isnan(error).all()
    values = sc.array(dims=["time"], values=value, variances=error**2 if has_errors else None, unit=unit)
    coords = {
        "time": sc.datetimes(dims=["time"], values=times),
        "proton_charge": sc.array(dims=["time"], values=charge, unit="pC"),
    }
    return sc.DataArray(values, coords=coords, name=answer.name)


def _columns(answer: MetricAnswer, length: int) -> tuple[tuple[float | None, ...], ...]:
    columns = (answer.value, answer.error, answer.proton_charge_pc)
    if any(len(column) != length for column in columns):
        raise ValueError(f"the metric {answer.name!r} has columns of different lengths")
    return columns
