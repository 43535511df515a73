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
    """The rotations to append so that z points from a point to each component; one that is at the point is not turned.

    Parameters
    ----------
    position, turned
        Of the components as they are turned so far, shapes (n, 3) and (n, 3, 3), in the frame of the instrument.
    """
    away = position - np.array(point)
    distance = np.linalg.norm(away, axis=1, keepdims=True)
    unit = np.where(distance > 0, away / np.where(distance > 0, distance, 1.0), turned[:, :, 2])
    x, y, z = np.einsum("nji,nj->in", turned, unit)
    across = np.hypot(x, y)
    # the axis is at right angles to z and to the direction; any such axis will do where they are opposite
    axis_x, axis_y = (
        np.where(across > 0, part / np.where(across > 0, across, 1.0), rest) for part, rest in ((-y, 0), (x, 1))
    )
    rotations = np.empty((len(position), 3, 3))
    rotations[:, 0] = np.stack((z + axis_x**2 * (1 - z), axis_x * axis_y * (1 - z), axis_y * across), axis=1)
    rotations[:, 1] = np.stack((axis_x * axis_y * (1 - z), z + axis_y**2 * (1 - z), -axis_x * across), axis=1)
    rotations[:, 2] = np.stack((-axis_y * across, axis_x * across, z), axis=1)
    return rotations
