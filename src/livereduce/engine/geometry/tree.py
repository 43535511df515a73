"""The components of an instrument as a tree: names, places, parameters."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from livereduce.engine.geometry.parameters import InstrumentParameter
from livereduce.stream.items import F8, I4

PLACES = ("x", "y", "z", "r-position", "t-position", "p-position", "rotx", "roty", "rotz")
"""Parameters that place a component."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ComponentTree:
    """Components, depth first in the order of the document; number 0 is the instrument itself.

    Attributes
    ----------
    names
        Of each; not unique.
    parent
        Shape (n,); -1 for the instrument.
    end
        Shape (n,): all below component i are ``range(i + 1, end[i])``.
    position
        m, in the frame of the instrument, shape (n, 3).
    rotation
        From the component's own axes to those of the instrument, shape (n, 3, 3).
    detector
        Index in the ids of the instrument, shape (n,); -1 for all that is no detector or monitor.
    source, sample
        Their numbers; -1 if there is none.
    parameters
        By component and name, of those that have any.
    """

    names: tuple[str, ...]
    parent: I4
    end: I4
    position: F8
    rotation: F8
    detector: I4
    source: int = -1
    sample: int = -1
    parameters: Mapping[int, Mapping[str, InstrumentParameter]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Number of components."""
        return len(self.names)

    def children(self, component: int) -> list[int]:
        """The components directly below one."""
        found, at = [], component + 1
        while at < self.end[component]:
            found.append(at)
            at = int(self.end[at])
        return found

    def detectors(self, component: int) -> I4:
        """Indices of all detectors at and below a component."""
        below = self.detector[component : self.end[component]]
        found: I4 = below[below >= 0]
        return found

    def named(self, name: str) -> Iterator[int]:
        """Components of a name, or of a path with "/" between names, from the top; the first level may be left out."""
        if name in self.by_name:
            yield from self.by_name[name]
            return
        parts = [part for part in name.split("/") if part]
        candidates = self.by_name.get(parts[-1], ()) if parts else ()
        yield from (at for at in candidates if self._is_below(at, parts[:-1]))

    @cached_property
    def by_name(self) -> Mapping[str, list[int]]:
        """Components of each name."""
        found: dict[str, list[int]] = {}
        for at, name in enumerate(self.names):
            found.setdefault(name, []).append(at)
        return found

    @cached_property
    def of_detector(self) -> I4:
        """The component of each detector of the instrument, shape (number of ids,)."""
        places = np.flatnonzero(self.detector >= 0)
        found = np.empty(len(places), np.int32)
        found[self.detector[places]] = places
        return found

    @cached_property
    def moving(self) -> tuple[int, ...]:
        """Components that parameters or logs place, from the top down."""
        return tuple(sorted(at for at, mine in self.parameters.items() if not mine.keys().isdisjoint(PLACES)))

    def _is_below(self, component: int, parents: list[str]) -> bool:
        """The names above a component end with these, one directly above the other."""
        for wanted in reversed(parents):
            component = int(self.parent[component])
            if component < 0 or self.names[component] != wanted:
                return False
        return True

    def path(self, component: int) -> str:
        """Names from the instrument down, with "/" between them."""
        names: list[str] = []
        while component >= 0:
            names.append(self.names[component])
            component = int(self.parent[component])
        return "/".join(reversed(names))

    def parameter(self, component: int, name: str, *, above: bool = True) -> InstrumentParameter | None:
        """A parameter of a component, or else of the nearest one above it; None if none has it."""
        while component >= 0:
            found = self.parameters.get(component, {}).get(name)
            if found is not None or not above:
                return found
            component = int(self.parent[component])
        return None

    def relative_position(self, component: int) -> F8:
        """Position in the frame of the parent."""
        above = int(self.parent[component])
        if above < 0:
            at_top: F8 = self.position[component]
            return at_top
        place: F8 = self.rotation[above].T @ (self.position[component] - self.position[above])
        return place

    def placed(self, component: int, position: F8, rotation: F8) -> "ComponentTree":
        """Move and turn a component, and all below it with it, to a place in the frame of the instrument."""
        part = slice(component, int(self.end[component]))
        turn = rotation @ self.rotation[component].T
        positions, rotations = self.position.copy(), self.rotation.copy()
        positions[part] = position + (self.position[part] - self.position[component]) @ turn.T
        rotations[part] = turn @ self.rotation[part]
        return replace(self, position=positions, rotation=rotations)
