"""Products of scripts as what is published with the result of their cycle."""

import logging
from collections.abc import Iterator, Sequence

from livereduce.engine.showing.part import ShownPart
from livereduce.engine.showing.taken import TakenProduct
from livereduce.publish.product import Product
from livereduce.scripting.reporting.display import Display
from livereduce.scripting.reporting.report import ReportedProduct

logger = logging.getLogger("livereduce.engine")

MAX_NAMES = 50
"""Most products that the scripts of a run report under different names; each is a file."""
_OF_ITS_VALUES = frozenset({"thinned", "summed_over_spectra", "outside_tof", "unknown_pixel"})
"""Facts of a result that tell of its values, not of its run."""


def beside(result: Product, part: ShownPart, *, name: str, title: str, display: Display) -> Product:
    """A product of the run that the result is of."""
    facts = {name: value for name, value in result.attributes.items() if name not in _OF_ITS_VALUES}
    return Product(
        pipeline=result.pipeline,
        run=result.run,
        name=f"{name}{part.suffix}",
        signal=part.signal,
        axes=part.axes,
        errors=part.errors,
        units=part.units,
        title=title,
        attributes=facts | part.facts,
        display=display,
        labels=part.labels,
    )


class ScriptProducts:
    """Makes products of what the scripts of a cycle have reported; of a run it takes a limited number of names."""

    def __init__(self) -> None:
        self._run = -1
        self._names: set[str] = set()
        self._has_said = False

    def published(self, reported: Sequence[ReportedProduct], result: Product) -> tuple[Product, ...]:
        """The products beside a result."""
        if result.run != self._run:
            self._run, self._names, self._has_said = result.run, set(), False
        return tuple(self._fitting(reported, result))

    def _fitting(self, reported: Sequence[ReportedProduct], result: Product) -> Iterator[Product]:
        for one in reported:
            taken: TakenProduct = one.taken
            for part in taken.parts:
                product = beside(result, part, name=one.name, title=one.title, display=taken.display)
                if len(self._names | {product.name}) > MAX_NAMES:
                    self._say(result.run, product.name)
                    continue
                self._names.add(product.name)
                yield product

    def _say(self, run: int, name: str) -> None:
        if not self._has_said:
            self._has_said = True
            logger.warning(
                "run %d: the scripts report products of more than %d names; %s and others are left out",
                run,
                MAX_NAMES,
                name,
            )
