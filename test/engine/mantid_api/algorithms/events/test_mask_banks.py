"""Banks by number; the definitions of real instruments are known by name only, so one is written here."""

from pathlib import Path
from typing import Any

import pytest

from livereduce.engine.mantid_api.algorithms.events.mask_banks import bank_names

TUBES = "".join(f'<location name="tube{tube}" x="{tube / 100}"/>' for tube in range(1, 5))
PIXELS = "".join(f'<location name="pixel{pixel}" y="{pixel / 100}"/>' for pixel in range(1, 7))
DEFINITION = f"""<?xml version="1.0"?>
<instrument name="CNCS" valid-from="2000-01-01 00:00:00" xmlns="http://www.mantidproject.org/IDF/1.0">
  <component type="source"><location z="-20"/></component><type name="source" is="Source"/>
  <component type="sample"><location/></component><type name="sample" is="SamplePos"/>
  <component type="bank1" idlist="all"><location z="2"/></component>
  <component type="bank2" idlist="more"><location z="3"/></component>
  <type name="bank1"><component type="pack"><location/></component></type>
  <type name="bank2"><component type="pack"><location/></component></type>
  <type name="pack"><component type="tube">{TUBES}</component></type>
  <type name="tube" outline="yes"><component type="pixel">{PIXELS}</component></type>
  <type name="pixel" is="detector"/>
  <idlist idname="all"><id start="0" end="23"/></idlist><idlist idname="more"><id start="24" end="47"/></idlist>
</instrument>"""


def empty(simpleapi: Any, folder: Path, name: str = "CNCS") -> Any:
    path = folder / f"{name}_Definition.xml"
    path.write_text(DEFINITION.replace('name="CNCS"', f'name="{name}"'))
    return simpleapi.LoadEmptyInstrument(Filename=str(path), OutputWorkspace="empty")


def test_banks_tubes_and_pixels(simpleapi: Any, tmp_path: Path) -> None:
    data = empty(simpleapi, tmp_path)
    assert simpleapi.MaskBTP(data, Bank="2", Tube="3").tolist() == [36, 37, 38, 39, 40, 41]
    assert simpleapi.MaskBTP(data, Pixel="1-2,6", Bank=1, Tube="edges").tolist() == [0, 1, 5, 18, 19, 23]
    assert simpleapi.MaskBTP(Workspace="empty", Tube="1", Pixel="1").tolist() == [0, 24]
    assert simpleapi.MaskBTP(data, Components="bank1").tolist() == list(range(24))
    masked = [row for row in range(48) if data.spectrumInfo().isMasked(row)]
    assert masked == [*range(25), *range(36, 42)]
    assert sum(data.readY(row)[0] for row in range(48)) == 48 - 24 - 6 - 1


def test_what_cannot_be_masked_says_why(simpleapi: Any, tmp_path: Path) -> None:
    data = empty(simpleapi, tmp_path)
    for arguments, text in (
        ({"Bank": 51}, "CNCS has banks 1 to 50, and no bank 51"),
        ({"Bank": 40}, "none of the banks"),
        ({"Tube": "9"}, "4 parts, and none at the places"),
        ({"Bank": 1, "Components": "bank1"}, "not both"),
    ):
        with pytest.raises(RuntimeError, match=text):
            simpleapi.MaskBTP(data, **arguments)
    with pytest.raises(RuntimeError, match="'OTHER' are not known by number"):
        simpleapi.MaskBTP(empty(simpleapi, tmp_path, "OTHER"), Pixel="1")


@pytest.mark.parametrize(
    ("instrument", "number", "name"),
    [
        ("SEQUOIA", 23, "A23"),
        ("SEQUOIA", 38, "B1"),
        ("SEQUOIA", 75, "C1"),
        ("SEQUOIA", 99, "C25T"),
        ("SEQUOIA", 102, "C26B"),
        ("SEQUOIA", 103, "C27"),
        ("SEQUOIA", 150, "D37"),
        ("ARCS", 39, "M1"),
        ("ARCS", 70, "M32A"),
        ("ARCS", 115, "T38"),
        ("WISH", 3, "panel03"),
        ("EQ-SANS", 17, "bank17"),
        ("D33", 0, "back_detector"),
        ("POWGEN", 22, "bank22"),
    ],
)
def test_names_of_banks(instrument: str, number: int, name: str) -> None:
    assert bank_names(instrument, number)[0] == name
