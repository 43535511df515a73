"""RefRoi."""

import numpy as np

from mantid._algorithms.base import OneToOne, in_out, matrix
from mantid.api.factory import subscribe
from mantid.api.properties import Property
from mantid.api.workspaces import Workspace, Workspace2D


@subscribe
class RefRoi(OneToOne):
    """Pixels of a region summed; the pixel (x, y) is the spectrum ``NYPixel x + y``."""

    def declare(self) -> list[Property]:
        limits = [Property(name, "int", -1) for name in ("XPixelMin", "XPixelMax", "YPixelMin", "YPixelMax")]
        flags = {"SumPixels": False, "IntegrateY": True, "ConvertToQ": True}
        return [
            *in_out(),
            Property("NXPixel", "int", 304),
            Property("NYPixel", "int", 256),
            *limits,
            *(Property(name, "bool", default) for name, default in flags.items()),
            Property("ScatteringAngle", "float", 0.0),
        ]

    def compute(self, workspace: Workspace) -> Workspace:
        given = matrix(workspace, self)
        nx, ny = self.getProperty("NXPixel").value, self.getProperty("NYPixel").value
        y, variance = (table[: nx * ny].reshape(nx, ny, -1) for table in (given.extractY(), given.extractE() ** 2))
        columns, rows = self._span("X", nx), self._span("Y", ny)
        axis = 1 if self.getProperty("IntegrateY").value else 0
        if self.getProperty("SumPixels").value:
            y, variance = (table[columns, rows].sum(axis=(0, 1))[None] for table in (y, variance))
        elif axis == 1:
            y, variance = (table[:, rows].sum(axis=1) for table in (y, variance))
        else:
            y, variance = (table[columns].sum(axis=0) for table in (y, variance))
        made = Workspace2D(np.tile(given.readX(0), (len(y), 1)), y, np.sqrt(variance)).take_over(given)
        made._groups = []
        return self._in_q(made) if self.getProperty("ConvertToQ").value else made

    def _span(self, axis: str, pixels: int) -> slice:
        low, high = (self.getProperty(f"{axis}Pixel{end}").value for end in ("Min", "Max"))
        return slice(max(0, low), (pixels - 1 if high < 0 else min(high, pixels - 1)) + 1)

    def _in_q(self, given: Workspace2D) -> Workspace2D:
        if given._unit != "Wavelength":
            raise RuntimeError("RefRoi: X must be Wavelength")
        angle = np.radians(self.getProperty("ScatteringAngle").value)
        given._x = (4 * np.pi * np.sin(angle) / given._x)[:, ::-1]
        given._y, given._e = given._y[:, ::-1], given._e[:, ::-1]
        given._unit, given._distribution, given._y_label = "MomentumTransfer", True, "Reflectivity"
        return given
