import math

import numpy as np
import pytest

from livereduce.engine.values.v3d import V3D


def test_a_vector_answers_as_mantids() -> None:
    one, two = V3D(3, 4, 0), V3D(0, 0, 2)
    assert (one.X(), one.getY(), one.Z(), one[1], len(one), list(one)) == (3, 4, 0, 4, 3, [3, 4, 0])
    assert (one.norm(), one.norm2(), one.distance(V3D())) == (5, 25, 5)
    assert one.angle(two) == pytest.approx(math.pi / 2)
    assert one.cross_prod(two) == V3D(8, -6, 0)
    assert (one + two, one - two, one * 2, 2 * one, one / 2, -one) == (
        V3D(3, 4, 2),
        V3D(3, 4, -2),
        V3D(6, 8, 0),
        V3D(6, 8, 0),
        V3D(1.5, 2, 0),
        V3D(-3, -4, 0),
    )
    assert str(V3D(1, 2.5, 0)) == "[1,2.5,0]"
    assert np.asarray(one).tolist() == [3, 4, 0]
    assert two.getSpherical() == [2, 0, 0]
    turned = V3D()
    turned.spherical(2, 90, 90)
    assert turned == V3D(0, 2, 0)
