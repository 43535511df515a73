"""What the reference does not name is rejected, by name."""

import json
from typing import Any

import pytest

from mantid_double_tests.driving import Double, start


def test_algorithms_and_names_that_there_are_not(double: Double) -> None:
    import mantid.simpleapi as api

    with pytest.raises(AttributeError, match="no DgsReduction"):
        api.DgsReduction  # noqa: B018
    with pytest.raises(ImportError, match="MDWorkspace"):
        from mantid.api import MDWorkspace  # type: ignore[attr-defined] # noqa: F401


def test_keywords_that_an_algorithm_has_not(double: Double) -> None:
    from mantid.simpleapi import CreateWorkspace

    with pytest.raises(TypeError, match="'Bins' is an invalid keyword argument for CreateWorkspace"):
        CreateWorkspace(DataX=[0, 1], DataY=[1], Bins=3, OutputWorkspace="a")


@pytest.mark.parametrize("key", ["LiveData.readRetryInterval", "default.beamline"])
def test_configuration_keys(double: Double, key: str) -> None:
    from mantid.kernel import ConfigService

    with pytest.raises(RuntimeError, match=key):
        ConfigService[key]
    with pytest.raises(RuntimeError, match=key):
        ConfigService[key] = "1"


@pytest.mark.parametrize(
    ("stream", "complaint"),
    [
        ({"speed": 3}, "speed"),
        ({"era": "D"}, "era is A, B or C"),
        ({"connect": "slowly"}, "connect is ok"),
        ({"items": [{"chunk": {"neutrons": 3}}]}, "neutrons"),
        ({"items": [{"chunks": {}}]}, "chunks"),
        ({"items": [{"new_run": "seven"}]}, "int expected"),
        ({"items": [{"new_run": 1, "end_run": 1}]}, "one key"),
        ({"items": [{"setup": True}]}, "cannot be sent 'setup'"),
    ],
)
def test_descriptions_of_streams(double: Double, stream: dict[str, Any], complaint: str) -> None:
    double.patch.setenv("LIVEREDUCE_DOUBLE_STREAM", json.dumps(stream))
    with pytest.raises(RuntimeError, match=complaint):
        start()


def test_switches(double: Double) -> None:
    double.switch("slow_cancle")
    double.stream({"forever": {}})
    with pytest.raises(RuntimeError, match="slow_cancle"):
        start()


def test_switches_and_streams_may_lie_in_files(double: Double) -> None:
    from mantid._double.switches import is_on

    path = double.folder / "switches"
    double.switch(f"@{path}")
    assert not is_on("slow_cancel")
    path.write_text("slow_cancel\n-carry_over\n")
    assert is_on("slow_cancel")
    assert not is_on("carry_over")
    stream = double.folder / "stream.json"
    stream.write_text('{"connect": "refused"}')
    double.patch.setenv("LIVEREDUCE_DOUBLE_STREAM", str(stream))
    with pytest.raises(RuntimeError, match="refused"):
        start()


def test_the_readme_lists_every_switch_with_its_default(double: Double) -> None:
    from mantid._double.stream import ITEMS, Chunk, Dimensions, Plan
    from mantid._double.switches import DEFECTS

    from mantid_double_tests.driving import DOUBLE

    text = (DOUBLE / "README.md").read_text()
    for name, defect in DEFECTS.items():
        assert f"| `{name}` | {'yes' if defect.default else 'no'} | " in text
    for name in (*ITEMS, *Chunk.__dataclass_fields__, *Dimensions.__dataclass_fields__, *Plan.__dataclass_fields__):
        assert f"`{name}`" in text or name == "dimensions", name
