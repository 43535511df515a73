"""A synthetic powder diffractometer: diamond in the beam, so that a plot of the data shows Bragg peaks.

Four banks of pixels (or as many as wanted) lie on a ring around the sample, two-theta rising evenly with the pixel from
30 to 150 degrees. A script focuses with ``d = tof_us / difc(pixel)``.
"""

import numpy as np
from numpy.typing import NDArray

from livereduce.simulate.beams.beam import PULSES_PER_S
from livereduce.stream.items import F8, U4

PIXELS = 4096
BANKS = 4
L1_M, L2_M, MONITOR_M = 13.0, 2.0, 12.0
"""Moderator to sample, sample to pixel, moderator to monitor."""
US_PER_M_ANGSTROM = 252.7784
"""Neutron mass over Planck's constant: microseconds of flight per meter and ångström of wavelength."""
FRAME_US = 1e6 / PULSES_PER_S
LATTICE_ANGSTROM = 3.56683
REFLECTIONS = {(1, 1, 1): 8, (2, 2, 0): 12, (3, 1, 1): 24, (4, 0, 0): 6, (3, 3, 1): 24, (4, 2, 2): 24}
"""Allowed reflections of diamond and how many planes each has."""
PEAK_SHARE, PEAK_WIDTH = 0.6, 0.004
"""Share of the events that are Bragg scattered; relative width (standard deviation) of a peak in d."""


def two_theta_deg(pixel: NDArray[np.integer], pixels: int = PIXELS) -> F8:
    """Scattering angle of a pixel: 30 degrees for the first, 150 for the last."""
    angles: F8 = 30.0 + 120.0 * pixel / (pixels - 1)
    return angles


def difc(pixel: NDArray[np.integer], pixels: int = PIXELS) -> F8:
    """Microseconds of flight per ångström of d-spacing: ``252.7784 * (13 + 2) * 2 * sin(two_theta / 2)``."""
    constants: F8 = US_PER_M_ANGSTROM * (L1_M + L2_M) * 2 * np.sin(np.radians(two_theta_deg(pixel, pixels)) / 2)
    return constants


def d_spacings() -> F8:
    """d-spacings of the reflections, in ångström, falling."""
    return np.array([LATTICE_ANGSTROM / np.sqrt(h * h + k * k + l * l) for h, k, l in REFLECTIONS])  # noqa: E741


def definition_xml(pixels: int = PIXELS, banks: int = BANKS) -> str:
    """The geometry as an instrument definition that Mantid's listeners can load, too."""
    each = pixels // banks
    parts, types = "", ""
    for bank in range(banks):
        first, last = two_theta_deg(np.array([bank * each, (bank + 1) * each - 1]), pixels)
        parts += (
            f'  <component type="arc{bank + 1}" idlist="bank{bank + 1}"><location name="bank{bank + 1}"/></component>\n'
        )
        types += f'  <type name="arc{bank + 1}"><component type="pixel">\n'
        types += f'    <locations n-elements="{each}" r="{L2_M}" t="{first:.9f}" t-end="{last:.9f}" name="pixel"/>\n'
        types += f'  </component></type>\n  <idlist idname="bank{bank + 1}">'
        types += f'<id start="{bank * each}" end="{(bank + 1) * each - 1}"/></idlist>\n'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<instrument name="POWDER" valid-from="1990-01-01 00:00:00" valid-to="2100-01-31 23:59:59"'
        ' last-modified="2026-01-01 00:00:00">\n'
        '  <defaults><length unit="metre"/><angle unit="degree"/><reference-frame><along-beam axis="z"/>'
        '<pointing-up axis="y"/><handedness axis="right"/></reference-frame></defaults>\n'
        f'  <component type="moderator"><location z="{-L1_M}"/></component>\n  <type name="moderator" is="Source"/>\n'
        '  <component type="sample-position"><location/></component>\n'
        '  <type name="sample-position" is="SamplePos"/>\n'
        '  <component type="monitors" idlist="monitors"><location/></component>\n'
        '  <type name="monitors"><component type="monitor" mark-as="monitor">'
        f'<location name="monitor1" z="{MONITOR_M - L1_M}"/></component></type>\n'
        '  <type name="monitor" is="monitor"/>\n  <idlist idname="monitors"><id val="-1"/></idlist>\n'
        f'{parts}{types}  <type name="pixel" is="detector"/>\n</instrument>\n'
    )


def _wavelengths(rng: np.random.Generator, n: int) -> F8:
    """Wavelengths of the incident beam, in ångström: a thermal spectrum and an epithermal tail, within the frame."""
    grid = np.linspace(0.3, 4.3, 400)
    flux = 8.0 * grid**-5 * np.exp(-((1.6 / grid) ** 2)) * 6 + 0.15 / grid
    cumulated = np.cumsum(flux)
    drawn: F8 = np.interp(rng.random(n) * cumulated[-1], cumulated, grid)
    return drawn


def draw_tof(rng: np.random.Generator, pixel: NDArray[np.integer], pixels: int = PIXELS) -> U4:
    """Times of flight in 100 ns of neutrons that were scattered into these pixels."""
    d = d_spacings()
    # Intensity is proportional to the number of planes and d squared; structure factors are left out.
    share = np.cumsum(np.array(list(REFLECTIONS.values())) * d**2)
    chosen = np.searchsorted(share, rng.random(pixel.size) * share[-1])
    peaks_us = difc(pixel, pixels) * d[chosen] * (1 + PEAK_WIDTH * rng.standard_normal(pixel.size))
    background_us = US_PER_M_ANGSTROM * (L1_M + L2_M) * _wavelengths(rng, pixel.size)
    tof_us = np.where(rng.random(pixel.size) < PEAK_SHARE, peaks_us, background_us)
    ticks: U4 = np.rint(10 * np.minimum(tof_us, FRAME_US)).astype(np.uint32)
    return ticks


def draw_monitor_tof(rng: np.random.Generator, n: int) -> U4:
    """Times of flight in 100 ns of `n` neutrons in the beam monitor."""
    ticks: U4 = np.rint(10 * US_PER_M_ANGSTROM * MONITOR_M * _wavelengths(rng, n)).astype(np.uint32)
    return ticks
