"""Rotations as matrices, shape (3, 3), and spherical coordinates; angles in degrees, as definitions have them.

Sources: Mantid docs/source/concepts/InstrumentDefinitionFile.rst; Framework/Kernel/src/Quat.cpp and V3D.cpp.
"""

import math

import numpy as np

from livereduce.stream.items import F8

IDENTITY: F8 = np.eye(3)
IDENTITY.flags.writeable = False
Vector = tuple[float, float, float]


def rotation(angle_deg: float, axis: Vector) -> F8:
    """The right-handed rotation about an axis, whose length does not matter; an axis of length 0 turns nothing."""
    length = math.sqrt(sum(part * part for part in axis))
    if not angle_deg or not length:
        return IDENTITY
    x, y, z = (part / length for part in axis)
    c, s = cosine_and_sine(angle_deg)
    d = 1 - c
    return np.array(
        [
            [c + x * x * d, x * y * d - z * s, x * z * d + y * s],
            [y * x * d + z * s, c + y * y * d, y * z * d - x * s],
            [z * x * d - y * s, z * y * d + x * s, c + z * z * d],
        ]
    )


def cosine_and_sine(angle_deg: float) -> tuple[float, float]:
    """Cosine and sine, exact for multiples of 90 degrees."""
    quarter, rest = divmod(angle_deg, 90.0)
    if rest == 0:
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(quarter % 4)]
    return math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))


def spherical(r: float, theta_deg: float, phi_deg: float) -> Vector:
    """Cartesian coordinates: theta from z, phi from x towards y."""
    cos_theta, sin_theta = cosine_and_sine(theta_deg)
    cos_phi, sin_phi = cosine_and_sine(phi_deg)
    return r * sin_theta * cos_phi, r * sin_theta * sin_phi, r * cos_theta


def about_axes(x_deg: float, y_deg: float, z_deg: float) -> F8:
    """Turned about x, then about y and z as turned so far."""
    turned: F8 = rotation(x_deg, (1, 0, 0)) @ rotation(y_deg, (0, 1, 0)) @ rotation(z_deg, (0, 0, 1))
    return turned


def facing(position: F8, turned: F8, point: Vector) -> F8:
    """The rotation to append so that z points from a point to a component at this position, which is turned so far.

    A component at the point itself is not turned.
    """
    away = position - np.array(point)
    distance = float(np.linalg.norm(away))
    if not distance:
        return IDENTITY
    x, y, z = (turned.T @ (away / distance)).tolist()
    angle = math.degrees(math.atan2(math.hypot(x, y), z))
    normal = (-y, x, 0.0) if math.hypot(x, y) > 0 else (0.0, 1.0, 0.0)
    return rotation(angle, normal)
