"""Projections: where pixels go, and which projection suits an instrument."""

import numpy as np
import pytest

from livereduce.messages.regions import Projection
from livereduce.stream.items import F8
from livereduce.viewer.screen.projecting import PlacedPixels, on_map, possible, project

BEAM, UP = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])


def placed(out: F8 | None, pixels: int = 0) -> PlacedPixels:
    number = len(out) if out is not None else pixels
    return PlacedPixels(pixel=np.arange(number, dtype=np.int32), out=out, beam=BEAM, up=UP)


def sphere(azimuth: F8, elevation: F8, radius: float = 2.0) -> F8:
    az, el = np.radians(azimuth), np.radians(elevation)
    return radius * np.column_stack([np.cos(el) * np.sin(az), np.sin(el), np.cos(el) * np.cos(az)])


AZIMUTH, HEIGHT = (one.ravel() for one in np.meshgrid(np.linspace(-150, 150, 61), np.linspace(-0.5, 0.5, 21)))
CYLINDER = np.column_stack([2 * np.sin(np.radians(AZIMUTH)), HEIGHT, 2 * np.cos(np.radians(AZIMUTH))])


def test_on_a_cylinder_a_pixel_has_its_angle_from_the_beam_and_its_height() -> None:
    x, y = project(placed(CYLINDER), Projection.CYLINDER)
    np.testing.assert_allclose(x, AZIMUTH, atol=1e-9)
    np.testing.assert_allclose(y, HEIGHT, atol=1e-12)


def test_on_a_sphere_a_pixel_has_two_angles() -> None:
    azimuth, elevation = np.array([0.0, 90.0, -170.0, 12.0]), np.array([0.0, 45.0, -80.0, 3.0])
    x, y = project(placed(sphere(azimuth, elevation)), Projection.SPHERE)
    np.testing.assert_allclose(x, azimuth, atol=1e-9)
    np.testing.assert_allclose(y, elevation, atol=1e-9)


@pytest.mark.parametrize("turn_deg", [0.0, 40.0, 90.0])
def test_a_plane_is_seen_from_the_sample_across_and_up(turn_deg: float) -> None:
    across, up = (one.ravel() for one in np.meshgrid(np.linspace(-0.5, 0.5, 30), np.linspace(-0.4, 0.4, 20)))
    turn = np.radians(turn_deg)
    ahead, right = np.array([np.sin(turn), 0, np.cos(turn)]), np.array([np.cos(turn), 0, -np.sin(turn)])
    out = 5 * ahead + across[:, None] * right + up[:, None] * UP
    assert possible(placed(out))[0] is Projection.FLAT
    x, y = project(placed(out), Projection.FLAT)
    np.testing.assert_allclose(x, across, atol=1e-9)
    np.testing.assert_allclose(y, up, atol=1e-9)


def test_a_plane_on_the_floor_has_the_beam_upwards() -> None:
    out = np.array([[0.1 * i, -2.0, 0.1 * k] for i in range(-4, 5) for k in range(-4, 5)])
    _, y = project(placed(out), Projection.FLAT)
    np.testing.assert_allclose(y, out[:, 2], atol=1e-9)


def test_each_kind_of_instrument_gets_its_projection() -> None:
    rng = np.random.default_rng(1)
    around = sphere(rng.uniform(-180, 180, 4000), np.degrees(np.arcsin(rng.uniform(-1, 1, 4000))))
    ring = CYLINDER * [1, 0, 1]  # all in the plane of the sample
    assert possible(placed(CYLINDER))[0] is Projection.CYLINDER
    assert possible(placed(ring))[0] is Projection.CYLINDER
    assert possible(placed(around))[0] is Projection.SPHERE
    assert possible(placed(None, 100)) == (Projection.MAP,)
    assert possible(placed(np.full((5, 3), np.nan))) == (Projection.MAP,)
    assert set(possible(placed(CYLINDER))) == set(Projection)


@pytest.mark.parametrize("projection", Projection)
@pytest.mark.parametrize("pixels", [0, 1, 2])
def test_a_few_pixels_or_none_do_no_harm(projection: Projection, pixels: int) -> None:
    some = placed(CYLINDER[:pixels])
    possible(some)
    x, y = project(some, projection)
    assert len(x) == len(y) == pixels


def test_pixels_without_a_place_have_none_but_on_the_map() -> None:
    out = CYLINDER.copy()
    out[3] = np.nan
    for projection in Projection:
        x, y = project(placed(out), projection)
        is_lost = np.isnan(x) | np.isnan(y)
        assert is_lost.tolist() == [at == 3 and projection is not Projection.MAP for at in range(len(out))]


def test_the_map_has_a_place_for_each_number() -> None:
    pixel = np.array([0, 1, 63, 64, 4095], np.int32)
    x, y = on_map(pixel)
    assert (x.tolist(), y.tolist()) == ([0, 1, 63, 0, 63], [0, 0, 0, 1, 63])
