import pytest

from livereduce.engine.grouping.group_texts import WrittenGroup, of_map, of_pattern, of_xml


def test_a_map_file() -> None:
    text = "2 # groups\n\n 7\n 4\n 1-3 5\n3\n2\n8 9\n"
    assert of_map(text) == [
        WrittenGroup(number=7, spectra=(1, 2, 3, 5)),
        WrittenGroup(number=3, spectra=(8, 9)),
    ]


@pytest.mark.parametrize(
    ("text", "says"), [("", "number of groups"), ("1\n1\n3\n4 5", "the file ends"), ("1\nx", "'x' is there")]
)
def test_a_map_file_that_cannot_be_read(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        of_map(text)


def test_an_xml_file() -> None:
    text = """<?xml version="1.0"?>
    <detector-grouping>
      <group name="a"><ids val="1-2, 4"/></group>
      <group ID="9" name="b"><detids val="33,36"/><component val="bank1"/></group>
    </detector-grouping>"""
    assert of_xml(text) == [
        WrittenGroup(number=1, spectra=(1, 2, 4)),
        WrittenGroup(number=9, detectors=(33, 36), components=("bank1",)),
    ]
    with pytest.raises(ValueError, match="<detector-grouping> was expected"):
        of_xml("<x/>")
    with pytest.raises(ValueError, match="no XML"):
        of_xml("<x>")


def test_a_pattern() -> None:
    assert of_pattern("10+12, 13:15 ,3-5,1") == [(10, 12), (13,), (14,), (15,), (3, 4, 5), (1,)]
    with pytest.raises(ValueError, match="'a' cannot be read"):
        of_pattern("1,a")
