"""The pending change of unit of events: for each pixel a monotone map of its time of flight, of a closed set."""

from dataclasses import dataclass, replace

import numpy as np

from livereduce.engine.matrix.events.passes.mapping import mapped, packed
from livereduce.stream.items import F8, I4, I8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PixelMaps:
    """x of an event of time of flight t (µs) in pixel p; the last entry of each table stands for pixels beyond it.

    Without a calibration ``x = offset[p] + scale[p] * (t - zero[p]) ** power``. With one, d is the root of
    ``difa[p] d² + difc[p] d + zero[p] = t``, and ``x = scale[p] * d ** power``. NaN where it has no value.
    These cover linear units, a/t, a/t², energy transfer, and Mantid's AlignDetectors; `unit_maps` makes them.

    The same class says how the x of spectra changes (`event_changes.mapped`): then the tables are of shape (rows,).

    Attributes
    ----------
    scale, zero
        Shape (pixels + 1,).
    power
        The same for all pixels.
    offset
        Shape (pixels + 1,); None: 0, as always with a calibration.
    difc, difa
        Shape (pixels + 1,), in µs/Å and µs/Å²; None without a calibration.
    """

    scale: F8
    zero: F8
    power: float = 1.0
    offset: F8 | None = None
    difc: F8 | None = None
    difa: F8 | None = None

    @property
    def calibration(self) -> tuple[F8, F8] | None:
        """DIFC and DIFA."""
        return None if self.difc is None or self.difa is None else (self.difc, self.difa)

    @property
    def is_power_law(self) -> bool:
        """True if it is ``scale[p] * t ** power`` alone: such a map can follow any other that has no `offset`."""
        return self.calibration is None and self.offset is None and not np.any(self.zero)

    @property
    def table(self) -> F8:
        """All parameters, one row a pixel, as the compiled loop takes them."""
        return packed(self.scale, self.zero, self.offset, self.calibration)

    def apply(self, tof_us: F8, pixel: I4) -> F8:
        """X of events; both of shape (n,)."""
        return mapped(tof_us, pixel, self.table, self.calibration is not None, self.power)

    def tof_us_of(self, x: F8, pixel: I4) -> F8:
        """The inverse of `apply`, to rounding; NaN where no time of flight gives this x."""
        entry = np.minimum(np.asarray(pixel, np.int32).view(np.uint32), np.uint32(len(self.scale) - 1))
        with np.errstate(all="ignore"):
            core: F8 = (x - (0.0 if self.offset is None else self.offset[entry])) / self.scale[entry]
            core = core if self.power == 1 else np.where(core > 0, core, np.nan) ** (1 / self.power)
            if self.difc is not None and self.difa is not None:
                core = core * (self.difc[entry] + self.difa[entry] * core)
            tof_us: F8 = core + self.zero[entry]
        return tof_us

    def then(self, scale: F8, power: float) -> "PixelMaps":
        """The map followed by ``scale[p] * x ** power``; only where `offset` is None."""
        with np.errstate(divide="ignore", invalid="ignore"):
            together: F8 = scale * (self.scale if power == 1 else self.scale**power)
        return replace(self, scale=together, power=self.power * power)

    def taken(self, entries: I4 | I8) -> "PixelMaps":
        """The maps of some entries, in this order: from spectra to their pixels, or of some spectra.

        An entry -1 takes none: NaN.
        """
        return PixelMaps(
            scale=_taken(self.scale, entries),
            zero=_taken(self.zero, entries),
            power=self.power,
            offset=None if self.offset is None else _taken(self.offset, entries),
            difc=None if self.difc is None else _taken(self.difc, entries),
            difa=None if self.difa is None else _taken(self.difa, entries),
        )


def _taken(table: F8, entries: I4 | I8) -> F8:
    if not len(table):
        return np.full(len(entries), np.nan)
    taken: F8 = np.where(entries >= 0, table[np.maximum(entries, 0)], np.nan)
    return taken
