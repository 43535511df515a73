"""The results in a state directory, read as any other program would: by their index."""

import json
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
        return int(self.product.attributes.get("events", 0))


def read_results(state_dir: Path, run: int | None = None, most_bytes: int = MAX_BYTES) -> tuple[Result, ...]:
    """The results of a run, or of all runs, in the order of the index.

    What cannot be read, or is larger than `most_bytes`, is not among them.
    """
    folder = state_dir / "products"
    try:
        body = json.loads(read_regular(folder / INDEX, MAX_INDEX))
        paths = [folder / path for path in _paths(body, run)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ()
    found = []
    for path in paths[-MAX_RESULTS:]:
        try:
            if path.stat().st_size > most_bytes:
                continue
            found.append(Result(path=path, product=read_product(path)))
        except (OSError, ValueError, KeyError, RuntimeError):  # being replaced, or not a product
            continue
    return tuple(found)


def _paths(body: Any, run: int | None) -> list[str]:
    return [
        str(product["path"]) for one in body["runs"] if run is None or one["run"] == run for product in one["products"]
    ]
