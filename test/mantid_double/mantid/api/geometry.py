"""Where pixels are: the instrument definition of a stream or file, as far as the beams of tests have it.

Read independently of the engine under test: nested components, places by x, y, z or r, t, p, rows of ``locations``,
lists of ids, rectangular detectors. Rotations and parts that move are refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from xml.etree import ElementTree as ET

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Geometry:
    """Detectors that are no monitors, by ascending id; positions in m, shape (n, 3)."""

    name: str
    source: np.ndarray
    sample: np.ndarray
    ids: np.ndarray
    positions: np.ndarray

    def index(self, ids: np.ndarray) -> np.ndarray:
        """Place of each id, -1 where there is none."""
        at = np.searchsorted(self.ids, ids)
        at[at == len(self.ids)] = 0
        found: np.ndarray = np.where(self.ids[at] == ids, at, -1)
        return found

    def flights(self, groups: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """L1 + L2 in m and 2θ in radians of each group: the mean of its detectors."""
        beam = self.sample - self.source
        l1 = float(np.linalg.norm(beam))
        out = self.positions - self.sample
        l2 = np.linalg.norm(out, axis=1)
        angle = np.arccos(np.clip(out @ beam / (l2 * l1), -1, 1))
        rows = [self.index(ids) for ids in groups]
        return np.array([l1 + l2[row].mean() for row in rows]), np.array([angle[row].mean() for row in rows])


@lru_cache(maxsize=4)
def read_geometry(xml: str) -> Geometry:
    """The geometry of a definition.

    Raises
    ------
    RuntimeError
        The definition has what this reader does not know.
    """
    return _Reader(ET.fromstring(xml.encode())).geometry()


class _Reader:
    def __init__(self, root: ET.Element) -> None:
        self.root = root
        self.types = {one.get("name", ""): one for one in root.findall("type")}
        self.lists = {one.get("idname", ""): list(_ids(one)) for one in root.findall("idlist")}
        self.found: list[tuple[int, np.ndarray]] = []
        self.places: dict[str, np.ndarray] = {}

    def geometry(self) -> Geometry:
        for component in self.root.findall("component"):
            self.walk(component, np.zeros(3), iter(()))
        found = sorted(self.found, key=lambda one: one[0])
        return Geometry(
            name=self.root.get("name", ""),
            source=self.places["source"],
            sample=self.places["samplepos"],
            ids=np.array([one for one, _ in found]),
            positions=np.array([place for _, place in found]),
        )

    def walk(self, component: ET.Element, origin: np.ndarray, ids: Iterator[int]) -> None:
        """A component at all its places, and what it consists of."""
        kind = self.types[component.get("type", "")]
        role = kind.get("is", "").lower()
        if name := component.get("idlist"):
            ids = iter(self.lists[name])
        for offset in _places(component):
            at = origin + offset
            if role == "detector":
                self.found.append((next(ids), at))
            elif role == "monitor":
                next(ids)
            elif role == "rectangular_detector":
                self.found += _panel(component, kind, at)
            elif role:
                self.places[role] = at
            for part in kind.findall("component"):
                self.walk(part, at, ids)


def _ids(listed: ET.Element) -> Iterator[int]:
    for one in listed.findall("id"):
        first = int(one.get("start", one.get("val", "0")))
        yield from range(first, int(one.get("end", first)) + 1)


def _places(component: ET.Element) -> Iterator[np.ndarray]:
    for one in component:
        if one.tag == "location":
            yield _place(one, 0.0)
        elif one.tag == "locations":
            many = int(one.get("n-elements", "1"))
            for number in range(many):
                yield _place(one, number / max(1, many - 1))
        else:
            raise RuntimeError(f"the double does not read <{one.tag}> in a component")


def _place(one: ET.Element, along: float) -> np.ndarray:
    if "rot" in one.attrib:
        raise RuntimeError("the double does not read rotations")

    def number(name: str) -> float:
        first = float(one.get(name, "0"))
        return first + along * (float(one.get(f"{name}-end", first)) - first)

    if "r" not in one.attrib and "t" not in one.attrib:
        return np.array([number("x"), number("y"), number("z")])
    r, t, p = number("r"), np.radians(number("t")), np.radians(number("p"))
    return np.array([r * np.sin(t) * np.cos(p), r * np.sin(t) * np.sin(p), r * np.cos(t)])


def _panel(component: ET.Element, kind: ET.Element, at: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Pixels of a rectangular detector whose ids grow along y first."""
    first, step = int(component.get("idstart", "0")), int(component.get("idstepbyrow", "0"))
    if component.get("idfillbyfirst") != "y":
        raise RuntimeError("the double reads panels that are filled along y first")
    x0, dx, y0, dy = (float(kind.get(name, "0")) for name in ("xstart", "xstep", "ystart", "ystep"))
    for x in range(int(kind.get("xpixels", "0"))):
        for y in range(int(kind.get("ypixels", "0"))):
            yield first + x * step + y, at + np.array([x0 + x * dx, y0 + y * dy, 0.0])
