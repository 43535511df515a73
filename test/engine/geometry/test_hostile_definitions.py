"""A definition comes from the network: whatever it holds, it is read or is a `GeometryError`."""

import random

import pytest

from livereduce.engine.geometry.definition import Definition
from livereduce.engine.geometry.errors import GeometryError
from livereduce.engine.geometry.reading.building import instrument_of
from livereduce.engine.geometry.reading.elements import text_of

SMALL = """<?xml version="1.0" encoding="UTF-8"?>
<instrument xmlns="http://www.mantidproject.org/IDF/1.0" name="T"><defaults><angle unit="degree"/></defaults>
<component type="m"><location z="-1"/></component><type name="m" is="Source"/>
<component type="s"><location/></component><type name="s" is="SamplePos"/><type name="px" is="detector"/>
<component type="t" idlist="a"><location x="1"><rot val="3"><trans z="2"/></rot></location></component>
<type name="t"><component type="px"><locations n-elements="2" y="-1" y-end="1" name="p"/></component></type>
<idlist idname="a"><id start="1" end="2"/></idlist>
<component type="b" idstart="9"><location><parameter name="x"><logfile id="l" eq="2*value"/></parameter></location>
</component>
<type name="b" is="RectangularDetector" type="px" xpixels="2" xstep="1" ypixels="1" ystep="1"/>
</instrument>"""


def read_or_refused(xml: str) -> None:
    try:
        instrument = Definition(xml).instrument()
    except GeometryError:
        return
    assert len(instrument.ids) == len(instrument.position)


def test_it_is_whole() -> None:
    assert instrument_of(SMALL).ids.tolist() == [1, 2, 9, 10]


def test_cut_at_every_byte() -> None:
    for length in range(len(SMALL)):
        with pytest.raises(GeometryError):
            Definition(SMALL[:length]).instrument()


def test_mutated() -> None:
    rng = random.Random(1)
    for _ in range(500):
        data = bytearray(SMALL.encode())
        for _ in range(rng.randint(1, 6)):
            data[rng.randrange(len(data))] = rng.choice(b'0123456789<>"=/ eE-.azp\0\xff')
        read_or_refused(text_of(bytes(data)))


def bomb(levels: int) -> str:
    """Types in types, each ten times in the next."""
    types = "".join(
        f'<type name="t{i}"><component type="t{i + 1}">{"<location/>" * 10}</component></type>' for i in range(levels)
    )
    return f'<instrument><component type="t0"><location/></component>{types}<type name="t{levels}"/></instrument>'


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        pytest.param('<!DOCTYPE i [<!ENTITY a "b">]><instrument name="&a;"/>', "entities", id="entities"),
        pytest.param('<!DOCTYPE i [<!ENTITY a SYSTEM "file:///etc/passwd">]><instrument/>', "entities", id="a file"),
        pytest.param("<a>" * 5000, "deep", id="deep elements"),
        pytest.param(bomb(9), "components", id="types that multiply"),
        pytest.param(bomb(90), "components", id="types that multiply without end"),
        pytest.param("no xml", "line 1", id="no XML"),
        pytest.param("<html/>", "expected <instrument>", id="something else"),
        pytest.param('<instrument name="X"/>', "no components", id="an empty instrument"),
        pytest.param("", "has no instrument definition", id="nothing"),
    ],
)
def test_what_is_refused(xml: str, said: str) -> None:
    with pytest.raises(GeometryError, match=said):
        Definition(xml).instrument()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "utf-8-sig"])
def test_bytes_in_the_encoding_that_they_declare(encoding: str) -> None:
    text = SMALL.replace('encoding="UTF-8"', f'encoding="{encoding}"').replace('name="T"', 'name="Tö"')
    assert instrument_of(text_of(text.encode(encoding))).name == "Tö"
    assert instrument_of(text).name == "Tö"


def test_control_characters_and_what_surrounds_the_text_do_not_matter() -> None:
    assert instrument_of("\ufeff\n " + SMALL.replace('name="T"', 'name="T\x01"') + "\0\0").ids.tolist() == [1, 2, 9, 10]


def test_what_could_not_be_read_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    definition = Definition("<instrument name='only-here'>")
    for _ in range(2):
        with pytest.raises(GeometryError, match="the stream cannot be read: line 1"):
            definition.instrument()
        monkeypatch.setattr("livereduce.engine.geometry.definition.instrument_of", lambda _: pytest.fail("read again"))


def test_an_instrument_is_read_once_for_all_workspaces() -> None:
    assert Definition(SMALL).instrument() is Definition("".join(SMALL)).instrument()
