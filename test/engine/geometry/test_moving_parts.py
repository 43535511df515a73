"""Components that logs place."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from livereduce.engine.geometry.definition import Definition
from livereduce.engine.geometry.equation import evaluated
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.stream.items import LogBatch

ARM = """<instrument name="ARM"><defaults>{defaults}</defaults>
<component type="m"><location z="-10"/></component><type name="m" is="Source"/>
<component type="s"><location/></component><type name="s" is="SamplePos"/><type name="px" is="detector"/>
<component type="table"><location z="1"/></component>
<type name="table"><component type="arm" idlist="a">
<location x="0.5" z="2" name="arm">{parameters}</location></component></type>
<type name="arm"><component type="px"><location/><location z="1"/></component></type>
<idlist idname="a"><id start="1" end="2"/></idlist>{links}</instrument>"""


def logs(**series: list[float]) -> RunLogs:
    """Logs with a value every second."""
    found = RunLogs()
    for name, values in series.items():
        times = np.arange(len(values), dtype=np.int64) * 1_000_000_000
        found.add_log(LogBatch(run=1, name=name, units="", time_ns=times, value=np.array(values, float)))
    return found


def placed(parameters: str, run: RunLogs, defaults: str = "", links: str = "") -> InstrumentGeometry:
    return Definition(ARM.format(parameters=parameters, defaults=defaults, links=links)).at(run)


def from_log(name: str, log: str = "v", eq: str = "", which: str = "last_value") -> str:
    return f'<parameter name="{name}"><logfile id="{log}" eq="{eq}" extract-single-value-as="{which}"/></parameter>'


def test_a_coordinate_is_replaced_in_the_frame_of_the_parent() -> None:
    instrument = placed(from_log("z", eq="0.001*value"), logs(v=[1, 4000]))
    assert_allclose(instrument.position, [[0.5, 0, 5], [0.5, 0, 6]])


def test_without_the_log_the_component_stays_at_rest(caplog: pytest.LogCaptureFixture) -> None:
    instrument = placed(from_log("z", log="absent"), logs(v=[4]))
    assert_allclose(instrument.position, [[0.5, 0, 3], [0.5, 0, 4]])
    assert "no log 'absent'" in caplog.text


def test_spherical_coordinates_replace_all_three() -> None:
    run = logs(r=[2], t=[90])
    instrument = placed(from_log("r-position", "r") + from_log("t-position", "t"), run)
    assert_allclose(instrument.position, [[2, 0, 1], [2, 0, 2]], atol=1e-12)


def test_an_angle_without_a_radius_moves_nothing() -> None:
    assert_allclose(placed(from_log("t-position"), logs(v=[90])).position[0], [0.5, 0, 3])


def test_rotations_turn_what_is_below() -> None:
    instrument = placed(from_log("roty"), logs(v=[90]))
    assert_allclose(instrument.position, [[0.5, 0, 3], [1.5, 0, 3]], atol=1e-12)
    both = placed(from_log("rotx", "a") + from_log("roty", "b"), logs(a=[90], b=[90]))
    assert_allclose(both.position[1], [1.5, 0, 3], atol=1e-12)  # about x, then about the turned y
    radian = placed(from_log("roty"), logs(v=[np.pi / 2]), defaults='<angle unit="radian"/>')
    assert_allclose(radian.position[1], [1.5, 0, 3], atol=1e-12)


def test_a_value_places_a_component_at_rest() -> None:
    xml = ARM.format(parameters='<parameter name="x"><value val="7"/></parameter>', defaults="", links="")
    assert_allclose(Definition(xml).instrument().position[0], [7, 0, 3])
    assert Definition(xml).at(logs()) is Definition(xml).at(logs(v=[1]))


def test_a_value_places_a_component_too() -> None:
    assert_allclose(placed('<parameter name="x"><value val="7"/></parameter>', logs()).position[0], [7, 0, 3])


@pytest.mark.parametrize("name", ["arm", "table/arm", "ARM/table/arm"])
def test_a_link_names_a_component_or_its_path(name: str) -> None:
    links = f'<component-link name="{name}">{from_log("y")}</component-link>'
    assert_allclose(placed("", logs(v=[3]), links=links).position[0], [0.5, 3, 3])


def test_a_link_names_a_detector() -> None:
    links = f'<component-link id="2">{from_log("y")}</component-link>'
    assert_allclose(placed("", logs(v=[3]), links=links).position, [[0.5, 0, 3], [0.5, 3, 4]])


@pytest.mark.parametrize(
    ("which", "z"),
    [
        ("first_value", 2),
        ("last_value", 9),
        ("maximum", 9),
        ("minimum", 1),
        ("median", 3),
        ("position 1", 1),
        ("mean", 3.75),
    ],
)
def test_which_value_counts(which: str, z: float) -> None:
    run = logs(v=[2, 1, 3, 9]) if which == "mean" else logs(v=[2, 1, 3, 4, 9])
    assert_allclose(placed(from_log("y", which=which), run).position[0, 1], z)


def test_the_same_places_are_computed_once() -> None:
    parameters = from_log("x", eq="value+0.25")
    assert placed(parameters, logs(v=[1])) is placed(parameters, logs(v=[1]))
    assert placed(parameters, logs(v=[1])) is not placed(parameters, logs(v=[2]))


def test_a_log_is_looked_at_once_until_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    run, parameters = logs(v=[1]), from_log("x", eq="value+0.125")
    first = placed(parameters, run)
    monkeypatch.setattr(RunLogs, "getProperty", lambda *_: pytest.fail("looked at again"))
    assert placed(parameters, run) is first
    assert placed(parameters, run.copy()) is first
    monkeypatch.undo()
    run.addProperty("v", 2.0, replace=True)
    assert placed(parameters, run).position[0, 0] == 2.125


def test_parameters_are_those_of_the_nearest_component_above() -> None:
    links = (
        '<component-link name="ARM"><parameter name="Efixed"><value val="2.08"/></parameter></component-link>'
        '<component-link id="2"><parameter name="Efixed"><value val="7.6"/></parameter></component-link>'
    )
    instrument = placed('<parameter name="kind" type="string"><value val="tube"/></parameter>', logs(), links=links)
    assert instrument.efixed_mev is not None
    assert instrument.efixed_mev.tolist() == [2.08, 7.6]
    tree = instrument.tree
    last = tree.size - 1
    found = tree.parameter(last, "kind")
    assert found is not None
    assert found.value == "tube"
    assert tree.parameter(last, "kind", above=False) is None


@pytest.mark.parametrize(
    ("equation", "value", "result"),
    [
        ("", 3, 3),
        ("0.001*value", 4, 0.004),
        ("-value^2 + 2*(value-1)/4", 3, -8),
        ("sin(value*_pi/180)", 90, 1),
        ("max(value, 2) + abs(-1)", 1, 3),
    ],
)
def test_equation(equation: str, value: float, result: float) -> None:
    assert evaluated(equation, value) == pytest.approx(result)


@pytest.mark.parametrize(
    "equation",
    [
        "__import__('os').getcwd()",
        "value.real",
        "open('x')",
        "9^9^9^9",
        "1/0",
        "(" * 500,
        "value if 1 else 2",
        "[1]",
        "sqrt(-1)",
        "x" * 2000,
    ],
)
def test_an_equation_is_never_code(equation: str) -> None:
    with pytest.raises(ValueError, match="equation"):
        evaluated(equation, 1.0)


@given(st.text(alphabet="value0.12+-*/^() ,sincox", max_size=40))
def test_an_equation_has_a_finite_result_or_is_refused(equation: str) -> None:
    with contextlib.suppress(ValueError):
        assert np.isfinite(evaluated(equation, 2.0))


def test_a_moved_component_takes_along_what_is_below() -> None:
    tree = placed("", logs()).tree
    arm = next(tree.named("arm"))
    turned = tree.placed(arm, np.array([0.0, 0, 0]), np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]]))
    assert_allclose(turned.position[arm + 1 : arm + 3], [[0, 0, 0], [1, 0, 0]])
    assert tree.path(arm) == "ARM/table/arm"
