"""A small powder instrument with a calibration, and events for it."""

from pathlib import Path

import h5py
import numpy as np

from helpers.items import S_NS, event_batch
from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.geometry.edited import of_angles
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.engine.workspaces.workspace import Binned

IDS = np.arange(10, 16, dtype=np.int32)
GROUPS = np.array([1, 1, 1, 2, 2, 0], np.int32)
USED = np.array([1, 1, 0, 1, 1, 1], np.int32)
DIFC = np.array([4000.0, 4010.0, 4020.0, 8000.0, 8010.0, 8020.0])
DIFA = np.array([1.0, -2.0, 0.0, 3.0, 0.0, 0.0])
TZERO = np.array([-2.0, 1.0, 0.0, 3.0, 0.0, 0.0])


def instrument() -> InstrumentGeometry:
    """Six detectors at L1 18 m, L2 2 m and 2θ from 47° on."""
    return of_angles("POWDER", 18.0, IDS.tolist(), [2.0] * 6, [47.0, 47.1, 47.2, 104.0, 104.2, 104.4], [0.0] * 6)


def write_calibration(path: Path) -> str:
    """Write the constants, groups and mask as SaveDiffCal does."""
    with h5py.File(path, "w") as file:
        folder = file.create_group("calibration")
        for name, values in (
            ("detid", IDS),
            ("difc", DIFC),
            ("difa", DIFA),
            ("tzero", TZERO),
            ("group", GROUPS),
            ("use", USED),
        ):
            folder[name] = values
        folder.create_group("instrument")["name"] = "POWDER"
    return str(path)


def powder_events(events: int = 6000, charge_pc: float = 1e6) -> MatrixWorkspace:
    """Events of a chunk in ten pulses, evenly over the detectors and 2 to 16 ms."""
    random = np.random.default_rng(3)
    tof_ns = random.integers(2_000_000, 16_000_000, events)
    pixel = random.choice(IDS, events)
    pulse_ns = 1000 * S_NS + np.arange(10) * S_NS
    piece = event_batch(7, tof_ns, pixel, per_pulse=[events // 10] * 10, pulse_ns=pulse_ns, charge_pc=charge_pc)
    logs = RunLogs()
    logs.add_charge(pulse_ns, np.full(10, charge_pc))
    bins = Binned(Binning(np.array([0, 20_000_000], np.int64)), PixelTable())
    return MatrixWorkspace("input", Events((piece,)), binned=bins, logs=logs, run=7, geometry=instrument())


def d_of(tof_us: np.ndarray, place: int) -> np.ndarray:
    """d by the calibration of a detector: the root of the quadratic equation, as textbooks have it."""
    a, b, c = DIFA[place], DIFC[place], TZERO[place] - tof_us
    d: np.ndarray = -c / b if a == 0 else (-b + np.sqrt(b * b - 4 * a * c)) / (2 * a)
    return d
