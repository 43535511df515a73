from collections.abc import Callable

import pytest

from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.geometry.reading.building import instrument_of

HEAD = (
    '<component type="moderator"><location z="-10"/></component><type name="moderator" is="Source"/>'
    '<component type="sample"><location/></component><type name="sample" is="SamplePos"/>'
    '<type name="px" is="detector"/><type name="mon" is="monitor"/>'
)


def definition_of(body: str, defaults: str = "", head: str = HEAD) -> str:
    return f'<instrument name="TEST"><defaults>{defaults}</defaults>{head}{body}</instrument>'


@pytest.fixture
def read() -> Callable[..., InstrumentGeometry]:
    """Reads a definition of a few components beside source and sample."""

    def reading(body: str, defaults: str = "") -> InstrumentGeometry:
        return instrument_of(definition_of(body, defaults))

    return reading
