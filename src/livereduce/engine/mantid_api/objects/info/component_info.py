"""Mantid's ComponentInfo: all components by place.

Detectors come first, in the order of ids, then the others; the last is the instrument.
"""

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from livereduce.base.names import missing
from livereduce.engine.geometry.tree import ComponentTree
from livereduce.engine.mantid_api.objects.info.workspace_info import WorkspaceInfo
from livereduce.engine.values.v3d import V3D
from livereduce.stream.items import I8


class ComponentInfo(WorkspaceInfo):
    """Of all components; positions and lengths in m."""

    @property
    def _tree(self) -> ComponentTree:
        return self._instrument.tree

    @cached_property
    def _order(self) -> I8:
        """Number in the tree of each component: detectors, then the others from below, so that the root is last."""
        tree = self._tree
        detectors = np.flatnonzero(tree.detector >= 0)
        others = np.flatnonzero(tree.detector < 0)[::-1]
        return np.concatenate([detectors[np.argsort(tree.detector[detectors])], others]).astype(np.int64)

    @cached_property
    def _place(self) -> I8:
        places = np.empty(len(self._order), np.int64)
        places[self._order] = np.arange(len(self._order))
        return places

    def size(self) -> int:
        """Number of components."""
        return self._tree.size

    def __len__(self) -> int:
        return self.size()

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.size()))

    def root(self) -> int:
        """Place of the instrument."""
        return self.size() - 1

    def source(self) -> int:
        """Place of the source."""
        return int(self._place[self._tree.source])

    def sample(self) -> int:
        """Place of the sample position."""
        return int(self._place[self._tree.sample])

    def hasSource(self) -> bool:
        """True if there is a source."""
        return self._tree.source >= 0

    def hasSample(self) -> bool:
        """True if there is a sample position."""
        return self._tree.sample >= 0

    def indexOfAny(self, name: str) -> int:
        """Place of a component of this name.

        Raises
        ------
        ValueError
            There is none.
        """
        found = next(iter(self._tree.named(name)), None)
        if found is None:
            raise ValueError(missing("component", name, self._tree.names))
        return int(self._place[found])

    def uniqueName(self, name: str) -> bool:
        """True if just one component has this name."""
        return sum(1 for _ in self._tree.named(name)) == 1

    def name(self, index: int) -> str:
        """Name of a component."""
        return self._tree.names[int(self._order[index])]

    def isDetector(self, index: int) -> bool:
        """True for a detector or monitor."""
        return bool(self._tree.detector[self._order[index]] >= 0)

    def hasParent(self, index: int) -> bool:
        """False for the instrument alone."""
        return bool(self._tree.parent[self._order[index]] >= 0)

    def parent(self, index: int) -> int:
        """Place of the component above; the instrument's own is its own."""
        above = int(self._tree.parent[self._order[index]])
        return index if above < 0 else int(self._place[above])

    def children(self, index: int) -> list[int]:
        """Places of the components directly below."""
        return [int(self._place[child]) for child in self._tree.children(int(self._order[index]))]

    def detectorsInSubtree(self, index: int) -> I8:
        """Places of all detectors at and below a component."""
        return self._tree.detectors(int(self._order[index])).astype(np.int64)

    def componentsInSubtree(self, index: int) -> I8:
        """Places of a component and of all below it."""
        number = int(self._order[index])
        places: I8 = self._place[number : int(self._tree.end[number])]
        return places

    def position(self, index: int) -> V3D:
        """Position."""
        return V3D.of(self._tree.position[self._order[index]])

    def relativePosition(self, index: int) -> V3D:
        """Position from the component above, along its axes."""
        return V3D.of(self._tree.relative_position(int(self._order[index])))

    def l1(self) -> float:
        """Source to sample."""
        return self._instrument.l1
