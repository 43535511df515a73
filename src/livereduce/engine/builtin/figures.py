"""Figures that scripts have published in a cycle, as what is published with its result."""

import logging
from collections.abc import Iterator, Sequence

import numpy as np

from livereduce.engine.showing.part import ShownPart
from livereduce.engine.showing.script_products import beside
from livereduce.publish.product import MAX_CELLS, Axis, Product, PublishedFigure
from livereduce.scripting.reporting.figures import FigureData, ScriptFigure
from livereduce.stream.items import F8

logger = logging.getLogger("livereduce.engine")

LONGEST_NAME = 60
MAX_PRODUCTS = 20
"""Most curves and maps of a cycle that become products; the figure shows all."""


def published_figures(figures: Sequence[ScriptFigure], result: Product) -> tuple[PublishedFigure, ...]:
    """The figures; the curves and maps in them are products beside the result, with its facts, each of its own name."""
    taken = {result.name}
    return tuple(
        PublishedFigure(run=one.run, text=one.text, data=tuple(_products(one.data, result, taken))) for one in figures
    )


def _products(data: Sequence[FigureData], result: Product, taken: set[str]) -> Iterator[Product]:
    for one in data:
        if len(taken) > MAX_PRODUCTS:
            logger.warning(
                "run %d: the scripts draw more than %d curves; the rest are no products", result.run, MAX_PRODUCTS
            )
            return
        name = _free(one.name[:LONGEST_NAME] or "figure", taken)
        try:
            yield beside(result, _part(one), name=name, title=one.title, display=one.display)
        except (TypeError, ValueError) as error:
            logger.warning("run %d: %s of a script is not kept as a product: %s", result.run, name, error)
        taken.add(name)


def _free(name: str, taken: set[str]) -> str:
    number = 1
    while (wanted := name if number == 1 else f"{name} {number}") in taken:
        number += 1
    return wanted


def _part(data: FigureData) -> ShownPart:
    signal = _numbers(data.signal)
    if signal.size > MAX_CELLS:
        raise ValueError(f"it has {signal.size} values, at most {MAX_CELLS} are kept")
    axes = tuple(Axis(name=title or "x", values=_numbers(values)) for title, values in data.axes)
    if len(axes) != signal.ndim:
        raise ValueError(f"an array of shape {signal.shape} does not fit {len(axes)} axes")
    for axis, size in zip(axes, signal.shape, strict=True):
        if axis.values.shape not in ((size,), (size + 1,)):
            raise ValueError(f"{axis.values.size} values along {axis.name} for {size} points")
    errors = None if data.errors is None else _numbers(data.errors)
    fits = errors is not None and errors.shape == signal.shape
    return ShownPart(signal=signal, axes=axes, errors=errors if fits else None, units="")


def _numbers(values: object) -> F8:
    """Copied: the script may go on to change its arrays."""
    array: F8 = np.array(values, np.float64)
    return array
