import json

import pytest

from livereduce.publish.parameters import ShownParameter, as_text, shown_of
from livereduce.scripting.parameters.asking import UsedParameter

USED = (
    UsedParameter(name="d_max", value=2.5, units="angstrom", runs="all runs"),
    UsedParameter(name="cal", value="a.h5", runs="9-", md5s={"/s/a.h5": "feed"}),
    UsedParameter(name="peaks", value=(1, True, "x")),
)


def test_there_and_back() -> None:
    assert shown_of(as_text(USED)) == (
        ShownParameter(name="d_max", value="2.5", units="angstrom"),
        ShownParameter(name="cal", value="a.h5", runs="9-", md5="feed"),
        ShownParameter(name="peaks", value='[1, true, "x"]'),
    )
    assert json.loads(as_text(USED))["cal"] == {
        "value": "a.h5",
        "units": "",
        "runs": "9-",
        "md5s": {"/s/a.h5": "feed"},
    }
    assert as_text(()) == ""


@pytest.mark.parametrize("text", ["", None, 3, "{", "[]", '{"a": 1}', '{"a": {"value": 1}}', "[" * 10_000])
def test_what_is_damaged_is_nothing(text: object) -> None:
    assert shown_of(text) == ()


def test_long_texts_are_cut() -> None:
    (shown,) = shown_of(json.dumps({"a" * 999: {"value": "b" * 999, "units": "\ud800", "runs": "", "md5s": {}}}))
    assert (len(shown.name), len(shown.value)) == (200, 200)
    shown.units.encode()
