"""The pending change of unit of events: for each pixel a monotone map of its time of flight, of a closed set."""

from dataclasses import dataclass, replace

import numpy as np

from livereduce.stream.items import F8, I4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PixelMaps:
    """x of an event of time of flight t (µs) in pixel p; the last entry of each table stands for pixels beyond it.

    Without a calibration ``x = offset + scale[p] * (t - zero[p]) ** power``. With one, d is the root of
    ``difa[p] d² + difc[p] d + zero[p] = t``, and ``x = offset + scale[p] * d ** power``. NaN where it has no value.
    These cover linear units, a/t, a/t², energy transfer, and Mantid's AlignDetectors.

    Attributes
    ----------
    scale, zero
        Shape (pixels + 1,).
    power
        The same for all pixels.
    difc, difa
        Shape (pixels + 1,), in µs/Å and µs/Å²; None without a calibration.
    """

    scale: F8
    zero: F8
    power: float = 1.0
    offset: float = 0.0
    difc: F8 | None = None
    difa: F8 | None = None

    def apply(self, tof_us: F8, pixel: I4) -> F8:
        """X of events; both of shape (n,)."""
        entry = np.minimum(pixel.view(np.uint32), np.uint32(len(self.scale) - 1))
        core = self._core(tof_us, entry)
        with np.errstate(divide="ignore", invalid="ignore"):
            x: F8 = self.offset + self.scale[entry] * (core if self.power == 1 else core**self.power)
        return x

    def _core(self, tof_us: F8, entry: "np.ndarray[tuple[int], np.dtype[np.uint32]]") -> F8:
        if self.difc is None or self.difa is None:
            core = tof_us - self.zero[entry]
            return core if self.power == 1 else np.where(core > 0, core, np.nan)
        return d_spacing(tof_us, self.difc[entry], self.difa[entry], self.zero[entry])

    def then(self, scale: F8, power: float) -> "PixelMaps":
        """The map followed by ``scale[p] * x ** power``; only where `offset` is 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            together: F8 = scale * self.scale**power
        return replace(self, scale=together, power=self.power * power)


def d_spacing(tof_us: F8, difc: F8, difa: F8, tzero: F8) -> F8:
    """The root d of ``difa d² + difc d + tzero = t`` that goes over into the linear one; NaN if there is none.

    In the form that does not cancel for a small DIFA: d = 2 (t - TZERO) / (DIFC + √(DIFC² + 4 DIFA (t - TZERO))).
    """
    rest = tof_us - tzero
    with np.errstate(divide="ignore", invalid="ignore"):
        d: F8 = 2 * rest / (difc + np.sqrt(difc * difc + 4 * difa * rest))
    return d
