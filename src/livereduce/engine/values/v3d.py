"""Mantid's V3D: a vector of three numbers."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np


class V3D:
    """A position or direction, with the methods that scripts call."""

    def __init__(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> None:
        self._v = np.array([x, y, z], np.float64)

    @classmethod
    def of(cls, values: Any) -> "V3D":
        """A vector of three numbers in a sequence."""
        x, y, z = values
        return cls(float(x), float(y), float(z))

    def X(self) -> float:
        """Component x."""
        return float(self._v[0])

    def Y(self) -> float:
        """Component y."""
        return float(self._v[1])

    def Z(self) -> float:
        """Component z."""
        return float(self._v[2])

    getX, getY, getZ = X, Y, Z

    def norm(self) -> float:
        """Length."""
        return float(np.linalg.norm(self._v))

    def norm2(self) -> float:
        """Length squared."""
        return float(self._v @ self._v)

    def distance(self, other: "V3D") -> float:
        """Distance between two positions."""
        return (self - other).norm()

    def angle(self, other: "V3D") -> float:
        """Angle between two directions in radians."""
        return math.acos(max(-1.0, min(1.0, self.cosAngle(other))))

    def cosAngle(self, other: "V3D") -> float:
        """Cosine of the angle between two directions."""
        return self.scalar_prod(other) / (self.norm() * other.norm())

    def zenith(self, other: "V3D") -> float:
        """Zenith angle in radians of this position as seen from another."""
        length = self.distance(other)
        return math.acos((self.Z() - other.Z()) / length) if length else 0.0

    def scalar_prod(self, other: "V3D") -> float:
        """Scalar product."""
        return float(self._v @ other._v)

    def cross_prod(self, other: "V3D") -> "V3D":
        """Vector product."""
        return V3D.of(np.cross(self._v, other._v))

    def getSpherical(self) -> list[float]:
        """Length, polar angle and azimuth in degrees."""
        length = self.norm()
        polar = math.degrees(math.acos(self.Z() / length)) if length else 0.0
        return [length, polar, math.degrees(math.atan2(self.Y(), self.X()))]

    def spherical(self, length: float, polar_deg: float, azimuth_deg: float) -> None:
        """Become the vector of these spherical coordinates."""
        polar, azimuth = math.radians(polar_deg), math.radians(azimuth_deg)
        across = length * math.sin(polar)
        self._v = np.array([across * math.cos(azimuth), across * math.sin(azimuth), length * math.cos(polar)])

    def __array__(self, dtype: Any = None, copy: Any = None) -> "np.ndarray[Any, Any]":
        return np.array(self._v, dtype)

    def __getitem__(self, index: int) -> float:
        return float(self._v[index])

    def __setitem__(self, index: int, value: float) -> None:
        self._v[index] = value

    def __len__(self) -> int:
        return 3

    def __iter__(self) -> Iterator[float]:
        return iter(self._v.tolist())

    def __add__(self, other: "V3D") -> "V3D":
        return V3D.of(self._v + other._v)

    def __sub__(self, other: "V3D") -> "V3D":
        return V3D.of(self._v - other._v)

    def __mul__(self, other: "V3D | float") -> "V3D":
        return V3D.of(self._v * (other._v if isinstance(other, V3D) else other))

    __rmul__ = __mul__

    def __truediv__(self, other: "V3D | float") -> "V3D":
        return V3D.of(self._v / (other._v if isinstance(other, V3D) else other))

    def __neg__(self) -> "V3D":
        return V3D.of(-self._v)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, V3D) and bool(np.allclose(self._v, other._v, rtol=0, atol=1e-7))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __str__(self) -> str:
        return f"[{','.join(f'{value:g}' for value in self)}]"

    __repr__ = __str__
