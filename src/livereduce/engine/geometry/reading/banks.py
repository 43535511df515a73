"""Banks of pixels on a grid: rectangular, grid (voxels), and structured (of corners) detectors.

Source: Mantid Framework/Geometry/src/Instrument/{RectangularDetector,GridDetector,StructuredDetector}.cpp.
"""

import numpy as np

from livereduce.engine.geometry.errors import GeometryError
from livereduce.engine.geometry.reading.contents import NO_ID, Contents, Role
from livereduce.engine.geometry.reading.document import MOST_COMPONENTS
from livereduce.engine.geometry.reading.elements import XmlElement
from livereduce.engine.geometry.rotations import IDENTITY
from livereduce.stream.items import B1, F8, I8

BANKS = ("rectangulardetector", "griddetector", "structureddetector")


def bank(kind: str, name: str, component: XmlElement, of_type: XmlElement) -> Contents:
    """The pixels of a bank in its frame, with their ids: columns of x, in each the pixels of y.

    Raises
    ------
    GeometryError
        It has no pixels, far too many, or not enough corners.
    """
    counts = tuple(of_type.integer(f"{axis}pixels") for axis in "xyz")
    nx, ny, nz = counts[0], counts[1], max(counts[2], 1) if kind == "griddetector" else 1
    if not (0 < nx <= MOST_COMPONENTS and 0 < ny <= MOST_COMPONENTS and nx * ny * nz <= MOST_COMPONENTS):
        raise GeometryError(f"line {of_type.line}: a bank of {nx} x {ny} x {nz} pixels")
    z, x, y = np.meshgrid(np.arange(nz), np.arange(nx), np.arange(ny), indexing="ij")
    position = _of_corners(of_type, nx, ny) if kind == "structureddetector" else _of_steps(of_type, x, y, z)
    ids = _ids(kind, component, (nx, ny, nz), (x, y, z))
    return _columns(name, position.reshape(nz, nx, ny, 3), ids.reshape(nz, nx, ny), layers=counts[2] > 0)


def _of_steps(of_type: XmlElement, *index: I8) -> F8:
    places = [
        of_type.number(f"{axis}start") + of_type.number(f"{axis}step") * i for axis, i in zip("xyz", index, strict=True)
    ]
    if not of_type.has("zpixels"):
        places[2] = np.zeros(index[2].shape)
    stacked: F8 = np.stack(places, axis=-1)
    return stacked


def _of_corners(of_type: XmlElement, nx: int, ny: int) -> F8:
    """Mean of the four corners of each cell, shape (1, nx, ny, 3); corners are given row by row, x fastest."""
    corners = np.array([(v.number("x"), v.number("y"), v.number("z")) for v in of_type.below("vertex")]).reshape(-1, 3)
    if len(corners) < (nx + 1) * (ny + 1):
        raise GeometryError(
            f"line {of_type.line}: {len(corners)} corners for {nx} x {ny} pixels, expected {(nx + 1) * (ny + 1)}"
        )
    table = corners[: (nx + 1) * (ny + 1)].reshape(ny + 1, nx + 1, 3)
    middle = (table[:-1, :-1] + table[:-1, 1:] + table[1:, :-1] + table[1:, 1:]) / 4
    cells: F8 = middle.transpose(1, 0, 2)[None]
    return cells


def _ids(kind: str, component: XmlElement, counts: tuple[int, int, int], index: tuple[I8, I8, I8]) -> I8:
    """Ids along the axes: the first runs by idstep, the second by idstepbyrow, the third by whole layers."""
    order = _order(kind, component)
    first, second, third = ("xyz".index(axis) for axis in order)
    row = component.integer("idstepbyrow", counts[first])
    ids: I8 = (
        component.integer("idstart")
        + index[first] * component.integer("idstep", 1)
        + index[second] * row
        + index[third] * row * counts[second]
    )
    return ids


def _order(kind: str, component: XmlElement) -> str:
    by_first = component.text("idfillbyfirst", "y")
    default = "yxz" if by_first == "y" else "xyz"
    if kind != "griddetector":
        return default
    order = component.text("idfillorder", default)
    return order if sorted(order) == ["x", "y", "z"] else default


def _columns(name: str, position: F8, ids: I8, *, layers: bool) -> Contents:
    """Pixels below columns, and columns below layers if there are any."""
    nz, nx, ny = ids.shape
    names: list[str] = []
    parent: list[I8] = []
    end: list[I8] = []
    pixel: list[I8] = []
    column, at = np.concatenate(([0], np.full(ny, 1))), 0
    for z in range(nz):
        above = -1
        if layers:
            above, size = at, nx * (ny + 1) + 1
            names.append(f"{name}(z={z})")
            parent, end, pixel = [*parent, np.array([-1])], [*end, np.array([at + size])], [*pixel, np.array([0])]
            at += 1
        for x in range(nx):
            names.append(f"{name}(x={x})")
            names += [f"{name}({x},{y},{z})" if layers else f"{name}({x},{y})" for y in range(ny)]
            parent.append(np.concatenate(([above], np.full(ny, at))))
            end.append(np.concatenate(([at + ny + 1], np.arange(at + 2, at + ny + 2))))
            pixel.append(column)
            at += ny + 1
    is_pixel = np.concatenate(pixel) == 1
    return _filled(names, np.concatenate(parent), np.concatenate(end), is_pixel, position.reshape(-1, 3), ids.ravel())


def _filled(names: list[str], parent: I8, end: I8, is_pixel: B1, position: F8, ids: I8) -> Contents:
    n = len(names)
    positions = np.zeros((n, 3))
    positions[is_pixel] = position
    numbers = np.full(n, NO_ID)
    numbers[is_pixel] = ids
    return Contents(
        names=names,
        parent=parent,
        end=end,
        position=positions,
        rotation=np.broadcast_to(IDENTITY, (n, 3, 3)),
        role=np.where(is_pixel, int(Role.DETECTOR), int(Role.NONE)),
        ids=numbers,
    )
