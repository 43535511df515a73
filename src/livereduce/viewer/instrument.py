"""The instrument that is looked at: its pixels, where they are, in which banks, and how they lie on a screen."""

import logging
import re
from dataclasses import dataclass

import numpy as np

from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.geometry.definition import Definition
from livereduce.engine.geometry.errors import GeometryError
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.geometry.moving import moving_logs
from livereduce.engine.geometry.tree import PLACES, ComponentTree
from livereduce.messages.regions import Projection, Region, RegionKind
from livereduce.stream.items import B1, F8, I4
from livereduce.viewer.regions.shapes import inside
from livereduce.viewer.screen.layout import ScreenLayout, aspect_of, lay_out
from livereduce.viewer.screen.projecting import PlacedPixels, possible, project

_BANK = re.compile(r"(bank|panel|module|eightpack|detector-?\d)", re.IGNORECASE)
_FORWARD, _UP = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])

log = logging.getLogger("livereduce.viewer")


@dataclass(frozen=True, slots=True, eq=False)
class Banks:
    """Names of the banks, and the bank of each pixel's row, shape (rows,); -1 for one that is in none."""

    names: tuple[str, ...]
    of_row: I4


class ViewedInstrument:
    """An instrument as its stream, or a file, says.

    Parameters
    ----------
    pixel_map
        The pixels that the stream has mapped to banks; None if it has not said.

    Attributes
    ----------
    geometry
        None if there is none; `problem` says why.
    table
        Rows of the pixels.
    moving_logs
        The logs that move parts of it, which are shown where they stand without them.
    """

    def __init__(self, definition: Definition, pixel_map: I4 | None) -> None:
        self.problem = ""
        self.geometry: InstrumentGeometry | None = None
        try:
            self.geometry = definition.instrument()
        except GeometryError as error:
            self.problem = str(error)
        self.moving_logs = moving_logs(self.geometry.tree) if self.geometry else ()
        self._moves: B1 | None = None
        is_known = pixel_map is not None and len(pixel_map) > 0
        self.table = PixelTable(pixel_map if is_known else _detectors(self.geometry))
        self.table.grows = self._appear = not is_known
        self._made_for = -1
        self._placed: PlacedPixels | None = None
        self._layouts: dict[Projection, ScreenLayout] = {}
        self._projected: dict[Projection, tuple[F8, F8]] = {}
        self._banks: Banks | None = None

    @property
    def is_full(self) -> bool:
        """More pixels have appeared than there is memory for: the others have no row."""
        return self._appear and not self.table.grows

    def moves(self, detector: int) -> bool:
        """A log moves this detector of the geometry, or the sample or the source, which its angle depends on."""
        if self.geometry is None or not self.moving_logs:
            return False
        if self._moves is None:
            self._moves = _moves(self.geometry)
        return bool(self._moves[detector])

    @property
    def projections(self) -> tuple[Projection, ...]:
        """Those that it has, the one that suits it first."""
        return possible(self.placed)

    @property
    def placed(self) -> PlacedPixels:
        """Its pixels, where they are."""
        self._forget_old()
        if self._placed is None:
            self._placed = _placed(self.table.pixels, self.geometry)
        return self._placed

    @property
    def banks(self) -> Banks:
        """Its banks."""
        self._forget_old()
        if self._banks is None:
            self._banks = _banks(self.table.pixels, self.geometry)
        return self._banks

    def layout(self, projection: Projection) -> ScreenLayout:
        """Its pixels on a screen."""
        self._forget_old()
        if projection not in self._layouts:
            x, y = self._project(projection)
            self._layouts[projection] = lay_out(projection, x, y, aspect_of(projection, self.placed.out))
        return self._layouts[projection]

    def place(self, region: Region) -> B1:
        """Which rows lie in a region."""
        pixel = self.table.pixels
        if region.kind is RegionKind.PIXELS:
            nowhere: F8 = np.empty(0)
            return inside(region, nowhere, nowhere, pixel)
        self._forget_old()
        return inside(region, *self._project(Projection(region.projection)), pixel)

    def _project(self, projection: Projection) -> tuple[F8, F8]:
        if projection not in self._projected:
            self._projected[projection] = project(self.placed, projection)
        return self._projected[projection]

    def _forget_old(self) -> None:
        """Pixels have appeared since all this was made."""
        if self._made_for != self.table.rows:
            self._made_for = self.table.rows
            self._placed = self._banks = None
            self._layouts, self._projected = {}, {}


def _detectors(geometry: InstrumentGeometry | None) -> I4 | None:
    return None if geometry is None else geometry.ids[~geometry.is_monitor & (geometry.ids >= 0)]


def _moves(geometry: InstrumentGeometry) -> B1:
    """Which detectors a log moves, shape (ids,)."""
    tree, found = geometry.tree, np.zeros(len(geometry.ids), np.bool_)
    for component in tree.moving:
        placing = tree.parameters[component]
        if any(name in placing and placing[name].log for name in PLACES):
            below = range(component, int(tree.end[component]))
            found[tree.detectors(component)] = True
            found |= tree.sample in below or tree.source in below
    return found


def _placed(pixel: I4, geometry: InstrumentGeometry | None) -> PlacedPixels:
    if geometry is None:
        return PlacedPixels(pixel=pixel, out=None, beam=_FORWARD, up=_UP)
    try:
        beam = geometry.beam
    except GeometryError:
        beam = _FORWARD
    sample = np.nan_to_num(geometry.sample)
    index = geometry.index_of(pixel)
    out = geometry.position[index] - sample
    out[index < 0] = np.nan
    return PlacedPixels(pixel=pixel, out=out, beam=beam, up=geometry.up)


def _banks(pixel: I4, geometry: InstrumentGeometry | None) -> Banks:
    of_row = np.full(len(pixel), -1, np.int32)
    if geometry is None:
        return Banks((), of_row)
    tree, of_detector = geometry.tree, np.full(len(geometry.ids), -1, np.int32)
    names: list[str] = []
    for component in _bank_components(tree):
        of_detector[tree.detectors(component)] = len(names)
        names.append(tree.names[component])
    index = geometry.index_of(pixel)
    of_row[index >= 0] = of_detector[index[index >= 0]]
    return Banks(tuple(names), of_row)


def _bank_components(tree: ComponentTree) -> list[int]:
    """The outermost components that are named like a bank; without any, the first level that has several."""
    named, at = [], 1
    while at < tree.size:
        if _BANK.match(tree.names[at]) and len(tree.detectors(at)):
            named.append(at)
            at = int(tree.end[at])
        else:
            at += 1
    return named or _first_level(tree)


def _first_level(tree: ComponentTree) -> list[int]:
    level = [0]
    while len(level) == 1:
        below = [one for one in tree.children(level[0]) if len(tree.detectors(one))]
        if not below or any(tree.detector[one] >= 0 for one in below):
            return level if level != [0] else []
        level = below
    return level
