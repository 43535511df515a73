"""A product that is a table, as HTML below the figures of its run."""

import html

import numpy as np

from livereduce.publish.product import Product

MAX_ROWS = 100
"""Most rows that are sent."""
MAX_COLUMNS = 20


def table_of(product: Product, heading: str) -> str:
    """A product of one or two dimensions as a heading and a ``<table>`` of plain numbers."""
    head, rows = _texts(product)
    length = len(product.signal)
    more = "" if length <= MAX_ROWS else f"<p>the first {MAX_ROWS} of {length} rows</p>"
    lines = "".join(_line(row, "td") for row in rows)
    return f"<div><p>{html.escape(heading)}</p><table>{_line(head, 'th')}{lines}</table>{more}</div>"


def _texts(product: Product) -> tuple[list[str], list[list[str]]]:
    if product.signal.ndim == 1:
        places = product.labels or _numbers(_middles(product))
        errors = np.full(product.signal.shape, np.nan) if product.errors is None else product.errors
        pairs = zip(places, product.signal[:MAX_ROWS].tolist(), errors[:MAX_ROWS].tolist(), strict=False)
        return ["", product.units or product.name], [[place, _value(value, error)] for place, value, error in pairs]
    columns = list(product.labels) or _numbers(np.arange(product.signal.shape[1], dtype=np.float64))
    return columns[:MAX_COLUMNS], [_numbers(row[:MAX_COLUMNS]) for row in product.signal[:MAX_ROWS]]


def _middles(product: Product) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    values = product.axes[0].values
    return (values[:-1] + values[1:]) / 2 if len(values) == len(product.signal) + 1 else values


def _value(value: float, error: float) -> str:
    return f"{value:.6g} ± {error:.2g}" if np.isfinite(error) else f"{value:.6g}"


def _numbers(values: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> list[str]:
    return [f"{value:.6g}" for value in values.tolist()]


def _line(texts: list[str], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{html.escape(text)}</{tag}>' for text in texts)}</tr>"
