"""The results in a state directory, read as any other program would: by their index."""

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livereduce.base.files import read_regular
from livereduce.publish.product import Product
from livereduce.publish.products.file import MAX_BYTES, read_product
from livereduce.publish.products.index import INDEX, MAX_INDEX

MAX_RESULTS = 64
"""Most results that are read of a state directory."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result:
    """A product, and its file."""

    path: Path
    product: Product

    @property
    def events(self) -> int:
        """Events of the run that it is made of."""
        return self.product.events


def read_results(state_dir: Path, run: int | None = None, most_bytes: int = MAX_BYTES) -> tuple[Result, ...]:
    """The results of a run, or of all runs, in the order of the index.

    What cannot be read, or is larger than `most_bytes`, is not among them.
    """
    try:
        paths = _listed(state_dir, run)
    except (OSError, ValueError):
        return ()
    found = []
    for path in paths:
        with suppress(OSError, ValueError):  # being replaced, or not a product
            found.append(_read(path, most_bytes))
    return tuple(found)


def why_none(state_dir: Path, run: int, most_bytes: int = MAX_BYTES) -> str:
    """Why there is no result of a run to be read, in words."""
    index = state_dir / "products" / INDEX
    try:
        paths = _listed(state_dir, run)
    except FileNotFoundError:
        return f"there is no {index}, so no service has published there"
    except (OSError, ValueError) as error:
        return f"{index} cannot be read: {_reason(error)}"
    if not paths:
        return f"{index} has no result of run {run}"
    try:
        _read(paths[-1], most_bytes)
    except (OSError, ValueError) as error:
        return f"{paths[-1]} cannot be read: {_reason(error)}"
    return f"the result of run {run} has just been replaced; try again"


def _listed(state_dir: Path, run: int | None) -> list[Path]:
    folder = state_dir / "products"
    text = read_regular(folder / INDEX, MAX_INDEX)
    try:
        return [folder / path for path in _paths(json.loads(text), run)][-MAX_RESULTS:]
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not an index of products: {error!r}") from None


def _read(path: Path, most_bytes: int) -> Result:
    if (size := path.stat().st_size) > most_bytes:
        raise ValueError(f"it has {size:,} bytes, more than the {most_bytes:,} that are read")
    return Result(path=path, product=read_product(path))


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _paths(body: Any, run: int | None) -> list[str]:
    return [
        str(product["path"]) for one in body["runs"] if run is None or one["run"] == run for product in one["products"]
    ]
