"""Components below another, as arrays in its frame, so that they are placed without a loop on pixels."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from livereduce.engine.geometry.errors import GeometryError
from livereduce.engine.geometry.parameters import InstrumentParameter
from livereduce.engine.geometry.reading.document import MOST_COMPONENTS
from livereduce.engine.geometry.reading.locations import Frame
from livereduce.engine.geometry.rotations import Vector
from livereduce.stream.items import F8, I8
from livereduce.stream.stretches import starts_of

NO_ID = np.iinfo(np.int64).min
"""Of a detector whose id comes from the list of a component above it."""


class Role(IntEnum):
    """The purpose of a component."""

    NONE = 0
    DETECTOR = 1
    MONITOR = 2
    SOURCE = 3
    SAMPLE = 4
    HIDDEN = 5
    """A detector that has an id but no neutronic position: it is not in the instrument."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contents:
    """Components, depth first; all arrays have one row for each.

    Attributes
    ----------
    parent
        -1 for what is directly below.
    end
        Number of the first component that is not below this one.
    role
        A `Role`.
    ids
        `NO_ID` where not known (yet).
    parameters
        With the number of their component.
    """

    names: list[str]
    parent: I8
    end: I8
    position: F8
    rotation: F8
    role: I8
    ids: I8
    parameters: list[tuple[int, InstrumentParameter]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Number of components."""
        return len(self.names)


def leaves(
    names: Sequence[str], positions: Sequence[Vector] | F8, rotations: Sequence[F8], roles: Sequence[int]
) -> Contents:
    """Components with nothing below them."""
    n = len(names)
    return Contents(
        names=list(names),
        parent=np.full(n, -1, np.int64),
        end=np.arange(1, n + 1),
        position=np.asarray(positions, np.float64).reshape(n, 3),
        rotation=np.asarray(rotations, np.float64).reshape(n, 3, 3),
        role=np.asarray(roles, np.int64),
        ids=np.full(n, NO_ID),
    )


def instance(name: str, frame: Frame, role: Role, below: Contents) -> Contents:
    """One component in its place with all below it."""
    n = below.size
    return Contents(
        names=[name, *below.names],
        parent=np.concatenate(([-1], below.parent + 1)),
        end=np.concatenate(([n + 1], below.end + 1)),
        position=np.concatenate((frame.position[None], frame.position + below.position @ frame.rotation.T)),
        rotation=np.concatenate((frame.rotation[None], frame.rotation @ below.rotation)),
        role=np.concatenate(([int(role)], below.role)),
        ids=np.concatenate(([NO_ID], below.ids)),
        parameters=[(at + 1, parameter) for at, parameter in below.parameters],
    )


def joined(parts: Sequence[Contents], line: int) -> Contents:
    """Parts side by side.

    Raises
    ------
    GeometryError
        They are far too many.
    """
    sizes = [part.size for part in parts]
    if sum(sizes) > MOST_COMPONENTS:
        raise GeometryError(f"line {line}: more than {MOST_COMPONENTS} components")
    starts = starts_of(sizes)[:-1].tolist() if parts else []
    none = leaves((), (), (), ())
    return Contents(
        names=[name for part in parts for name in part.names],
        parent=np.concatenate(
            [
                none.parent,
                *(np.where(one.parent < 0, -1, one.parent + at) for one, at in zip(parts, starts, strict=True)),
            ]
        ),
        end=np.concatenate([none.end, *(one.end + at for one, at in zip(parts, starts, strict=True))]),
        position=np.concatenate([none.position, *(one.position for one in parts)]),
        rotation=np.concatenate([none.rotation, *(one.rotation for one in parts)]),
        role=np.concatenate([none.role, *(one.role for one in parts)]),
        ids=np.concatenate([none.ids, *(one.ids for one in parts)]),
        parameters=[
            (at + k, parameter) for one, at in zip(parts, starts, strict=True) for k, parameter in one.parameters
        ],
    )
