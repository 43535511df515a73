"""One small definition for each rule of the format; positions by hand."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.testing import assert_allclose

from livereduce.engine.geometry.errors import GeometryError
from livereduce.engine.geometry.instrument import InstrumentGeometry

Reading = Callable[..., InstrumentGeometry]


def places(instrument: InstrumentGeometry) -> dict[int, list[float]]:
    rounded = np.round(instrument.position, 12) + 0.0
    return dict(zip(instrument.ids.tolist(), rounded.tolist(), strict=True))


def one(location: str) -> str:
    """A detector with the id 1 at a location."""
    return f'<component type="px" idlist="a">{location}</component><idlist idname="a"><id val="1"/></idlist>'


def arm(location: str) -> str:
    """A detector with the id 1 at z = 1 of an arm at a location."""
    return (
        f'<component type="arm" idlist="a">{location}</component><idlist idname="a"><id val="1"/></idlist>'
        '<type name="arm"><component type="px"><location z="1"/></component></type>'
    )


@pytest.mark.parametrize(
    ("location", "position"),
    [
        pytest.param('<location x="1" y="2" z="3"/>', [1, 2, 3], id="cartesian"),
        pytest.param("<location/>", [0, 0, 0], id="origin by default"),
        pytest.param('<location r="2" t="90" p="90"/>', [0, 2, 0], id="spherical"),
        pytest.param('<location R="2" theta="90" phi="0"/>', [2, 0, 0], id="spherical by long names"),
        pytest.param('<location r="3" x="7"/>', [0, 0, 3], id="spherical wins over Cartesian"),
        pytest.param('<location x=" 1.5 m" y="abc"/>', [1.5, 0, 0], id="leading number, or none"),
        pytest.param('<location x="10" rot="90"/>', [10, 0, 0], id="a rotation does not move its own origin"),
        pytest.param(
            '<location x="10"><rot val="90"><trans x="-8"/></rot></location>', [10, -8, 0], id="along turned axes"
        ),
        pytest.param('<location r="10" t="90"><trans r="8" t="-90"/></location>', [2, 0, 0], id="nested translation"),
        pytest.param(
            '<location><rot val="90"/><trans x="1"/></location>', [0, 0, 0], id="a rotation beside one is followed"
        ),
    ],
)
def test_location_of_a_detector(read: Reading, location: str, position: list[float]) -> None:
    assert_allclose(places(read(one(location)))[1], position, atol=1e-12)


@pytest.mark.parametrize(
    ("location", "position"),
    [
        pytest.param('<location z="5" rot="90" axis-x="0" axis-y="1" axis-z="0"/>', [1, 0, 5], id="about y"),
        pytest.param('<location rot="90" axis-x="7" axis-y="0" axis-z="0"/>', [0, -1, 0], id="axis of any length"),
        pytest.param('<location rot="-90/0" axis-x="1" axis-z="0"/>', [0, 1, 0], id="malformed number"),
        pytest.param(
            '<location z="5" rot="90" axis-y="1" axis-z="0"><rot val="90">'
            '<rot val="90" axis-y="1" axis-z="0"/></rot></location>',
            [0, 1, 5],
            id="own rotation, then outer, then inner",
        ),
        pytest.param('<location x="2"><facing x="0" y="0" z="0"/></location>', [3, 0, 0], id="faces the origin"),
        pytest.param('<location x="2" rot="90"><facing/></location>', [3, 0, 0], id="faces, however turned"),
        pytest.param('<location z="-2"><facing/></location>', [0, 0, -3], id="faces from behind"),
        pytest.param("<location><facing/></location>", [0, 0, 1], id="at the point that it faces"),
        pytest.param('<location x="2"><facing r="4" t="90"/></location>', [1, 0, 0], id="faces a point beyond"),
    ],
)
def test_what_is_below_follows(read: Reading, location: str, position: list[float]) -> None:
    assert_allclose(places(read(arm(location)))[1], position, atol=1e-12)


def test_all_components_face_a_point_but_those_that_say_none(read: Reading) -> None:
    facing = '<components-are-facing x="0" y="0" z="0"/>'
    assert_allclose(places(read(arm('<location x="2"/>'), facing))[1], [3, 0, 0], atol=1e-12)
    assert_allclose(places(read(arm('<location x="2"><facing val="none"/></location>'), facing))[1], [2, 0, 1])


def test_angles_in_radian(read: Reading) -> None:
    instrument = read(one(f'<location r="1" t="{np.pi / 2}"/>'), '<angle unit="radian"/>')
    assert_allclose(places(instrument)[1], [1, 0, 0], atol=1e-12)


def test_spherical_offsets_are_added_to_those_of_the_parent(read: Reading) -> None:
    body = (
        '<component type="ring" idlist="a"><location r="2" t="30" p="0"/></component>'
        '<type name="ring"><component type="px"><location r="1" t="60"/><location t="60" p="90"/></component></type>'
        '<idlist idname="a" start="1" end="2"/>'
    )
    found = places(read(body, '<offsets spherical="delta"/>'))
    assert_allclose(found[1], [3, 0, 0], atol=1e-12)
    assert_allclose(found[2], [0, 2, 0], atol=1e-12)


def test_neutronic_positions_are_the_ones_that_count(read: Reading) -> None:
    body = (
        '<component type="px" idlist="a"><location x="1"><neutronic z="9"/></location><location x="2"/></component>'
        '<idlist idname="a" start="1" end="2"/>'
    )
    assert places(read(body, "<indirect-neutronic-positions/>")) == {1: [0, 0, 9]}
    assert places(read(body)) == {1: [1, 0, 0], 2: [2, 0, 0]}


def test_locations_are_even_steps_with_names(read: Reading) -> None:
    body = (
        '<component type="px" idlist="a"><locations n-elements="3" y="-1" y-end="1" name="p" name-count-start="5"'
        ' name-count-increment="2"/><locations n-elements="1" z="4" z-end="9" name="q"/></component>'
        '<idlist idname="a" start="1" end="4"/>'
    )
    instrument = read(body)
    assert places(instrument) == {1: [0, -1, 0], 2: [0, 0, 0], 3: [0, 1, 0], 4: [0, 0, 4]}
    assert instrument.tree.names[-4:] == ("p5", "p7", "p9", "q0")


def test_nested_rotations_apply_to_each_of_locations(read: Reading) -> None:
    body = (
        '<component type="px" idlist="a"><locations n-elements="2" x-end="1"><trans z="2"/></locations></component>'
        '<idlist idname="a" start="1" end="2"/>'
    )
    assert places(read(body)) == {1: [0, 0, 2], 2: [1, 0, 2]}


def test_ids_are_given_out_depth_first_and_by_lists_of_any_form(read: Reading) -> None:
    body = (
        '<component type="tube" idlist="a"><location x="1"/><location x="2"/></component>'
        '<type name="tube"><component type="px"><location y="0"/><location y="1"/></component></type>'
        '<idlist idname="a"><id start="7" end="5" step="-2"/><id val="-3"/><id start="0"/></idlist>'
    )
    assert places(read(body)) == {7: [1, 0, 0], 5: [1, 1, 0], -3: [2, 0, 0], 0: [2, 1, 0]}


def test_an_excluded_part_takes_no_id(read: Reading) -> None:
    body = (
        '<component type="door" idlist="a"><location z="7"><exclude sub-part="t2"/></location>'
        '<location z="8"/></component><type name="door"><component type="px">'
        '<location x="1" name="t1"/><location x="2" name="t2"/></component></type>'
        '<idlist idname="a" start="1" end="3"/>'
    )
    assert places(read(body)) == {1: [1, 0, 7], 2: [1, 0, 8], 3: [2, 0, 8]}


def test_monitors_by_type_and_by_mark(read: Reading) -> None:
    body = (
        '<component type="mon" idlist="a"><location z="-1"/></component><idlist idname="a"><id val="-1"/></idlist>'
        '<component type="px" mark-as="monitor" idlist="b"><location z="3"/></component>'
        '<idlist idname="b"><id val="-2"/></idlist>' + one("<location/>").replace('"a"', '"c"')
    )
    instrument = read(body)
    assert instrument.ids.tolist() == [-2, -1, 1]
    assert instrument.is_monitor.tolist() == [True, True, False]


def test_components_combined_into_one_shape_are_one_detector(read: Reading) -> None:
    body = (
        '<component type="big" idlist="a"><location x="1"/></component><idlist idname="a"><id val="1"/></idlist>'
        '<type name="big" is="detector"><component type="px"><location name="u"/><location name="v"/></component>'
        '<algebra val="u : v"/><combine-components-into-one-shape/></type>'
    )
    assert places(read(body)) == {1: [1, 0, 0]}


@pytest.mark.parametrize(
    ("attributes", "ids"),
    [
        (
            'idstart="1000" idfillbyfirst="y" idstepbyrow="300"',
            {1000: (0, 0), 1001: (0, 1), 1300: (1, 0), 1601: (2, 1)},
        ),
        (
            'idstart="10" idfillbyfirst="x" idstepbyrow="100" idstep="2"',
            {10: (0, 0), 12: (1, 0), 110: (0, 1), 114: (2, 1)},
        ),
        ("", {0: (0, 0), 1: (0, 1), 2: (1, 0), 5: (2, 1)}),
        ('idfillbyfirst="x"', {0: (0, 0), 1: (1, 0), 3: (0, 1), 5: (2, 1)}),
    ],
)
def test_rectangular_detector(read: Reading, attributes: str, ids: dict[int, tuple[int, int]]) -> None:
    body = (
        f'<component type="panel" {attributes}><location z="5" name="bank1"/></component>'
        '<type name="panel" is="rectangular_detector" type="px" xpixels="3" xstart="-0.1" xstep="0.1" ypixels="2"'
        ' ystart="-0.2" ystep="0.4"/>'
    )
    instrument = read(body)
    found = places(instrument)
    assert len(found) == 6
    for number, (x, y) in ids.items():
        assert_allclose(found[number], [-0.1 + 0.1 * x, -0.2 + 0.4 * y, 5], atol=1e-12)
    assert next(instrument.tree.named("bank1(2,1)"), None) is not None
    assert len(instrument.tree.detectors(next(instrument.tree.named("bank1")))) == 6


def test_grid_detector_of_voxels(read: Reading) -> None:
    body = (
        '<component type="block" idstart="100" idfillorder="zxy" idstepbyrow="10"><location name="b"/></component>'
        '<type name="block" is="GridDetector" type="px" xpixels="2" xstart="0" xstep="1" ypixels="3" ystart="0"'
        ' ystep="1" zpixels="4" zstart="1" zstep="1"/>'
    )
    found = places(read(body))
    assert len(found) == 24
    assert found[100] == [0, 0, 1]
    assert found[103] == [0, 0, 4]
    assert found[110] == [1, 0, 1]
    assert found[120] == [0, 1, 1]
    assert found[153] == [1, 2, 4]


def test_structured_detector_of_corners(read: Reading) -> None:
    corners = "".join(f'<vertex x="{x}" y="{y * 2}"/>' for y in range(3) for x in (0, 1, 3))
    body = (
        '<component type="s" idstart="1" idfillbyfirst="x" idstepbyrow="2"><location z="2"/></component>'
        f'<type name="s" is="StructuredDetector" type="px" xpixels="2" ypixels="2">{corners}</type>'
    )
    assert places(read(body)) == {1: [0.5, 1, 2], 2: [2, 1, 2], 3: [0.5, 3, 2], 4: [2, 3, 2]}


def test_names_come_from_the_location_the_component_or_the_type(read: Reading) -> None:
    body = (
        '<component type="px" name="mine" idlist="a"><location name="own"/><location/></component>'
        '<component type="px" idlist="b"><location/></component>'
        '<idlist idname="a" start="1" end="2"/><idlist idname="b" start="3"/>'
    )
    assert read(body).tree.names[-3:] == ("own", "mine", "px")


def test_flight_paths_angles_and_azimuth(read: Reading) -> None:
    instrument = read(one('<location x="0" y="2" z="0"/>'))
    assert instrument.l1 == 10
    assert_allclose(instrument.l2, [2])
    assert_allclose(np.degrees(instrument.two_theta), [90])
    assert_allclose(np.degrees(instrument.phi), [90])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(
            '<component type="none"><location/></component>', "type 'none' is used and not defined", id="type"
        ),
        pytest.param('<component type="px" idlist="z"><location/></component>', "idlist 'z'", id="list"),
        pytest.param('<component type="px"><location/></component>', "has no id", id="no list"),
        pytest.param('<component type="px"/>', "has no location", id="no location"),
        pytest.param(one("<location/><location/>"), "2 detectors and 1 ids", id="fewer ids"),
        pytest.param(
            one("<location/>") + '<idlist idname="a" start="1" end="9"/>', "1 detectors and 9 ids", id="more ids"
        ),
        pytest.param(one("<location/>") + one("<location/>"), "given twice", id="an id twice"),
        pytest.param('<type name="px" is="detector"/>', "defined twice", id="a type twice"),
        pytest.param(
            '<component type="a"><location/></component>'
            '<type name="a"><component type="a"><location/></component></type>',
            "holds itself",
            id="a type in itself",
        ),
        pytest.param(one('<location x="1e999"/>'), "too large", id="a huge number"),
        pytest.param(one("<location/>").replace('val="1"', 'val="5000000000"'), "too large", id="a huge id"),
        pytest.param(
            '<idlist idname="q"><id start="5" end="1"/></idlist>' + one("<location/>").replace('"a"', '"q"', 1),
            "no id",
            id="an empty range",
        ),
        pytest.param(one('<locations n-elements="1000000000"/>'), "more than 2000000 components", id="far too many"),
        pytest.param(
            '<component type="panel"><location/></component>'
            '<type name="panel" is="RectangularDetector" xpixels="100000" ypixels="100000"/>',
            "more than 2000000 components",
            id="a huge bank",
        ),
    ],
)
def test_what_is_wrong_is_said(read: Reading, body: str, said: str) -> None:
    with pytest.raises(GeometryError, match=said):
        read(body)


def test_detectors_face_the_point_too(read: Reading) -> None:
    body = (
        '<component type="arm" idlist="a"><location x="3" rot="30"/></component><idlist idname="a" start="1" end="4"/>'
        '<type name="arm"><component type="px"><location y="1" rot="20"/><location z="-2"/><location x="-3"/>'
        '<location y="1"><rot val="20"/></location></component></type>'
    )
    tree = read(body, '<components-are-facing x="0" y="0" z="0"/>').tree
    for component in tree.of_detector.tolist():
        position = tree.position[component]
        distance = np.linalg.norm(position)
        expected = position / distance if distance > 1e-9 else tree.rotation[tree.parent[component]][:, 2]
        assert_allclose(tree.rotation[component][:, 2], expected, atol=1e-12)
        assert_allclose(tree.rotation[component] @ tree.rotation[component].T, np.eye(3), atol=1e-12)


def test_an_area_detector_says_the_number_and_size_of_its_pixels(read: Reading) -> None:
    panel = (
        '<component type="panel"><location z="5"/></component><type name="panel" is="RectangularDetector" type="px"'
        ' xpixels="304" xstep="0.0007" ypixels="256" ystep="-0.0007"/>'
    )
    tree = read(panel).tree
    values = {name: parameter.number() for name, parameter in tree.parameters[0].items()}
    assert values == {
        "number-of-x-pixels": 304,
        "number-of-y-pixels": 256,
        "pixel-width": 0.7,
        "x-pixel-size": 0.7,
        "y-pixel-size": 0.7,
    }
    link = '<component-link name="TEST"><parameter name="pixel-width"><value val="9"/></parameter></component-link>'
    assert read(panel + link).tree.parameters[0]["pixel-width"].number() == 9
    assert not read(panel + one("<location/>").replace('val="1"', 'val="-1"')).tree.parameters[0]
