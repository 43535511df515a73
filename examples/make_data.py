"""Make the data that the examples need: event files as SNS writes them, and a calibration.

``python examples/make_data.py reflectometer`` writes into the folder of that example, ``livereduce simulate --nexus``
plays the file. The neutrons are drawn at random, the same ones every time.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

US_ANGSTROM = 252.7784
"""Neutron mass over Planck's constant: µs of flight per metre and ångström."""
START = "2026-03-01T12:00:00-05:00"
PULSES_PER_S = 60
CHARGE_PC = 1.8e7
HEAD = (
    '<instrument name="{name}" valid-from="1990-01-01 00:00:00" last-modified="2026-01-01 00:00:00">\n'
    '<defaults><length unit="metre"/><angle unit="degree"/><reference-frame><along-beam axis="z"/>'
    '<pointing-up axis="y"/><handedness axis="right"/></reference-frame></defaults>\n'
    '<component type="moderator"><location z="{z}"/></component><type name="moderator" is="Source"/>\n'
    '<component type="sample-position"><location/></component><type name="sample-position" is="SamplePos"/>\n'
)
FOOT = '<type name="pixel" is="detector"/>\n</instrument>\n'
Drawn = tuple[np.ndarray, np.ndarray]
"""Pixels and times of flight (µs) of as many neutrons."""


@dataclass(frozen=True, kw_only=True)
class Beamline:
    """An instrument with a sample in the beam; `draw` gives the neutrons, `logs` (units, values) over a run."""

    name: str
    definition: str
    banks: Mapping[int, np.ndarray]
    draw: Callable[[np.random.Generator, int], Drawn]
    logs: Mapping[str, tuple[str, list[float]]] = field(default_factory=dict)


def spectrum(rng: np.random.Generator, n: int, low: float, high: float, peak: float) -> np.ndarray:
    """Wavelengths in ångström of a thermal beam with its maximum near `peak`."""
    grid = np.linspace(low, high, 500)
    flux = np.cumsum(grid**-5 * np.exp(-2.5 * (peak / grid) ** 2))
    return np.interp(rng.random(n) * flux[-1], flux, grid)


# ---- a powder diffractometer: four banks of 32 pixels on a ring

L1_M, L2_M, EACH, BANKS = 60.0, 3.0, 32, 4
POWDER_PIXELS = np.arange(BANKS * EACH)
TWO_THETA_DEG = 30.0 + 120.0 * POWDER_PIXELS / (len(POWDER_PIXELS) - 1)
DIFC = US_ANGSTROM * (L1_M + L2_M) * 2 * np.sin(np.radians(TWO_THETA_DEG) / 2)
DIAMOND = 3.56683 / np.sqrt([3, 8, 11, 16, 19, 24])
VANADIUM = np.array([2.1401, 1.5133, 1.2356, 1.0701])


def powder_definition() -> str:
    banks = ""
    for bank in range(BANKS):
        ends = TWO_THETA_DEG[[bank * EACH, (bank + 1) * EACH - 1]]
        ids = f'<id start="{bank * EACH}" end="{(bank + 1) * EACH - 1}"/>'
        banks += (
            f'<component type="arc{bank}" idlist="bank{bank}"><location name="bank{bank + 1}"/></component>'
            f'<type name="arc{bank}"><component type="pixel"><locations n-elements="{EACH}" r="{L2_M}"'
            f' t="{ends[0]:.9f}" t-end="{ends[1]:.9f}" name="pixel"/></component></type>'
            f'<idlist idname="bank{bank}">{ids}</idlist>\n'
        )
    return HEAD.format(name="POWGEN", z=-L1_M) + banks + FOOT


def scattered(d_angstrom: np.ndarray, share: float) -> Callable[[np.random.Generator, int], Drawn]:
    """A share of Bragg scattering at some d, the rest with all wavelengths into all directions."""

    def draw(rng: np.random.Generator, n: int) -> Drawn:
        pixel = rng.integers(0, len(POWDER_PIXELS), n)
        flight_us = US_ANGSTROM * (L1_M + L2_M) * spectrum(rng, n, 0.3, 1.05, 0.8)
        peaks_us = DIFC[pixel] * rng.choice(d_angstrom, n) * (1 + 0.003 * rng.standard_normal(n))
        return pixel, np.where((rng.random(n) < share) & (peaks_us < 16_600), peaks_us, flight_us)

    return draw


def powder(d_angstrom: np.ndarray, share: float) -> Beamline:
    return Beamline(
        name="POWGEN",
        definition=powder_definition(),
        banks={bank + 1: POWDER_PIXELS[bank * EACH : (bank + 1) * EACH] for bank in range(BANKS)},
        draw=scattered(d_angstrom, share),
        logs={"frequency": ("Hz", [60.0]), "LambdaRequest": ("Angstrom", [0.8])},
    )


def write_calibration(path: Path) -> None:
    """DIFC of each pixel, a group for each bank, and a dead pixel that is not used, as SaveDiffCal writes them."""
    with h5py.File(path, "w") as file:
        folder = file.create_group("calibration")
        folder["detid"] = POWDER_PIXELS.astype(np.int32)
        folder["difc"] = DIFC * (1 + 0.0005 * np.sin(POWDER_PIXELS))
        folder["group"] = (POWDER_PIXELS // EACH + 1).astype(np.int32)
        folder["use"] = (POWDER_PIXELS != 40).astype(np.int32)


# ---- a reflectometer: one area detector, a spin flipper that is switched during the run


def reflected(rng: np.random.Generator, n: int) -> Drawn:
    """A film of 30 nm at 0.6 degrees above a diffuse background; more is reflected with the flipper off."""
    wavelength = spectrum(rng, n, 2.0, 9.0, 3.5)
    q = 4 * np.pi * np.sin(np.radians(0.6)) / wavelength
    share = np.minimum(1.0, (0.018 / q) ** 4 * (1 + 0.6 * np.cos(300 * q)))
    x = np.where(rng.random(n) < share, rng.normal(14.5, 1.2, n), rng.uniform(0, 32, n))
    y = rng.integers(4, 20, n)
    return (24 * np.clip(x, 0, 31.9).astype(int) + y), US_ANGSTROM * 21.2 * wavelength


def reflectometer() -> Beamline:
    panel = (
        '<component type="panel" idstart="0" idfillbyfirst="y" idstepbyrow="24"><location z="2.55" name="detector1"/>'
        '</component>\n<type name="panel" is="rectangular_detector" type="pixel" xpixels="32" xstart="-0.0775"'
        ' xstep="0.005" ypixels="24" ystart="-0.0575" ystep="0.005"/>\n'
    )
    flipper = [float(k % 2) for k in range(8)]
    return Beamline(
        name="REF_M",
        definition=HEAD.format(name="REF_M", z=-18.65) + panel + FOOT,
        banks={1: np.arange(32 * 24)},
        draw=reflected,
        logs={"SANGLE": ("deg", [0.6]), "SF1": ("", flipper)},
    )


# ---- a wall of pixels: three rows of tubes, the middle one wider

ROWS = (48, 56, 48)
HEIGHT = 32


def diffuse(rng: np.random.Generator, n: int) -> Drawn:
    """Rods of diffuse scattering and a few strong spots."""
    pixels = sum(ROWS) * HEIGHT
    tube, along = np.divmod(np.arange(pixels), HEIGHT)
    weight = 1 + 3 * np.exp(-((((tube % 24) - 12) / 2.0) ** 2)) * (1 + np.cos(along / 3.0))
    weight[rng.integers(0, pixels, 12)] += 60
    total = np.cumsum(weight)
    pixel = np.searchsorted(total, rng.random(n) * total[-1])
    return pixel, US_ANGSTROM * 22.5 * spectrum(rng, n, 0.6, 2.8, 1.3)


def area_detector() -> Beamline:
    banks, types, first = {}, "", 0
    for row, tubes in enumerate(ROWS):
        pixels = np.arange(first, first + tubes * HEIGHT)
        banks[row + 1], first = pixels, first + len(pixels)
        types += (
            f'<component type="row{row}" idstart="{pixels[0]}" idfillbyfirst="y" idstepbyrow="{HEIGHT}">'
            f'<location z="2.5" y="{1 - row:.1f}" name="row{row}"/></component>'
            f'<type name="row{row}" is="rectangular_detector" type="pixel" xpixels="{tubes}" xstart="{-tubes / 40}"'
            f' xstep="0.05" ypixels="{HEIGHT}" ystart="-0.45" ystep="0.03"/>\n'
        )
    definition = HEAD.format(name="CORELLI", z=-20.0) + types + FOOT
    return Beamline(name="CORELLI", definition=definition, banks=banks, draw=diffuse)


# ---- files


def write_events(path: Path, beamline: Beamline, *, run: int, seconds: float, rate: float) -> None:
    """An event file as SNS writes them."""
    rng = np.random.default_rng(run)
    times = np.arange(round(seconds * PULSES_PER_S)) / PULSES_PER_S
    pixel, tof_us = beamline.draw(rng, round(seconds * rate))
    pulse = np.sort(rng.integers(0, len(times), len(pixel)))
    with h5py.File(path, "w") as file:
        entry = file.create_group("entry")
        entry.attrs["NX_class"] = "NXentry"
        facts = {"start_time": START, "run_number": str(run), "title": "made up", "instrument/name": beamline.name}
        for name, words in (facts | {"instrument/instrument_xml/data": beamline.definition}).items():
            entry[name] = [words.encode()]
        for bank, pixels in beamline.banks.items():
            here = np.isin(pixel, pixels)
            put_bank(entry.create_group(f"bank{bank}_events"), times, pulse[here], pixel[here], tof_us[here])
        put_log(entry, "proton_charge", "picoCoulombs", times, np.full(len(times), CHARGE_PC))
        for name, (units, values) in beamline.logs.items():
            put_log(entry, name, units, np.arange(len(values)) * seconds / len(values), np.array(values))


def put_bank(group: h5py.Group, times: np.ndarray, pulse: np.ndarray, pixel: np.ndarray, tof_us: np.ndarray) -> None:
    group.attrs["NX_class"] = "NXevent_data"
    group["event_id"] = pixel.astype(np.uint32)
    group["event_index"] = np.searchsorted(pulse, np.arange(len(times))).astype(np.uint64)
    group["event_time_offset"] = np.round(tof_us, 1).astype(np.float32)
    group["event_time_offset"].attrs["units"] = "microsecond"
    group["event_time_zero"] = times
    group["event_time_zero"].attrs.update({"offset": START, "units": "second"})


def put_log(entry: h5py.Group, name: str, units: str, times: np.ndarray, values: np.ndarray) -> None:
    log = entry.create_group(f"DASlogs/{name}")
    log["time"], log["value"] = times, values
    log["time"].attrs.update({"start": START, "units": "second"})
    log["value"].attrs["units"] = units


def make(example: str, folder: Path, *, seconds: float = 20.0, rate: float = 20_000.0) -> Path:
    """Write what an example needs into a folder; the file to be played."""
    played = folder / "events.nxs"
    if example == "powder_vanadium":
        write_calibration(folder / "PG3_calibration.h5")
        write_events(folder / "PG3_5000.nxs.h5", powder(VANADIUM, 0.1), run=5000, seconds=seconds, rate=4 * rate)
        write_events(played, powder(DIAMOND, 0.5), run=5001, seconds=seconds, rate=rate)
    else:
        beamline = {"reflectometer": reflectometer, "area_detector": area_detector}[example]()
        write_events(played, beamline, run=7001, seconds=seconds, rate=rate)
    return played


if __name__ == "__main__":
    print(make(sys.argv[1], Path(__file__).parent / sys.argv[1]))
