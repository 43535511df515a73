"""Events of a powder diffractometer like NOMAD, its positions and its calibration, all made here from a fixed start."""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from livereduce.engine.counting.binning import Binning, make_edges_ns
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.engine.workspaces.workspace import Binned
from livereduce.stream.items import F8, I4, EventBatch

PIXELS = 101_376
"""As NOMAD has."""
GROUPS = 6
L1_M = 19.5
US_PER_A_M = 252.77841524305538
PULSE_NS = 16_666_667
EVENTS_PER_PULSE = 10_000
LEAST_US, MOST_US = 300, 16_667


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PowderBeam:
    """All that the benchmarks need of a beamline; arrays of shape (pixels,) but for the events."""

    events: Events
    geometry: InstrumentGeometry
    difc: F8
    difa: F8
    tzero: F8
    group: I4

    @property
    def logs(self) -> RunLogs:
        """Charge of each pulse, and a temperature every second."""
        logs, pulses = RunLogs(), self.events.pulse_ns
        logs.add_charge(pulses, self.events.charge_pc)
        seconds = pulses[::60]
        logs.add_series("SampleTemp", "K", seconds, 300 + 10 * np.sin(np.arange(len(seconds)) / 5))
        logs.add_series("frequency", "Hz", seconds, np.full(len(seconds), 60.0))
        return logs

    def save_calibration(self, path: Path) -> None:
        """Constants and groups in the layout of SaveDiffCal; no pixel is masked."""
        with h5py.File(path, "w") as file:
            calibration = file.create_group("calibration")
            for name, values in (
                ("detid", np.arange(PIXELS, dtype=np.int32)),
                ("difc", self.difc),
                ("difa", self.difa),
                ("tzero", self.tzero),
                ("group", self.group),
                ("use", np.ones(PIXELS, np.int32)),
            ):
                calibration[name] = values
            calibration["instrument/name"] = np.array([b"NOMAD"])

    def workspace(self, name: str = "input") -> MatrixWorkspace:
        """The events as a script is given them."""
        binned = Binned(Binning(make_edges_ns(0, MOST_US, MOST_US)), PixelTable())
        return MatrixWorkspace(name, self.events, binned=binned, logs=self.logs, run=1, geometry=self.geometry)


def powder_beam(events: int) -> PowderBeam:
    """Events of random pixels and times, in pieces of a second as the stream brings them."""
    random = np.random.default_rng(20260609)
    two_theta = random.uniform(0.1, 3.0, PIXELS)
    azimuth = random.uniform(0, 2 * np.pi, PIXELS)
    l2 = random.uniform(0.5, 3.0, PIXELS)
    across = l2 * np.sin(two_theta)
    position = np.stack([across * np.cos(azimuth), across * np.sin(azimuth), l2 * np.cos(two_theta)], axis=1)
    geometry = InstrumentGeometry(
        name="NOMAD",
        source=np.array([0.0, 0.0, -L1_M]),
        sample=np.zeros(3),
        ids=np.arange(PIXELS, dtype=np.int32),
        position=position,
        is_monitor=np.zeros(PIXELS, np.bool_),
    )
    difc = US_PER_A_M * (L1_M + l2) * 2 * np.sin(two_theta / 2) * random.normal(0.998, 0.01, PIXELS)
    return PowderBeam(
        events=Events(tuple(_pieces(events, random))),
        geometry=geometry,
        difc=difc,
        difa=random.normal(0, 3, PIXELS),
        tzero=random.normal(0, 2, PIXELS),
        group=(np.digitize(two_theta, np.quantile(two_theta, np.arange(1, GROUPS) / GROUPS)) + 1).astype(np.int32),
    )


def _pieces(events: int, random: np.random.Generator) -> list[EventBatch]:
    pieces, per_piece = [], 60 * EVENTS_PER_PULSE
    for start in range(0, events, per_piece):
        size = min(per_piece, events - start)
        pulses = -(-size // EVENTS_PER_PULSE)
        first = np.minimum(np.arange(pulses + 1, dtype=np.int64) * EVENTS_PER_PULSE, size)
        pieces.append(
            EventBatch(
                run=1,
                tof_ns=random.integers(LEAST_US * 10, MOST_US * 10, size, dtype=np.int32) * 100,
                pixel=random.integers(0, PIXELS, size, dtype=np.int32),
                state=None,
                first=first,
                pulse_ns=(start // EVENTS_PER_PULSE + np.arange(pulses, dtype=np.int64)) * PULSE_NS + 10**18,
                charge_pc=np.full(pulses, 2.3e7),
                flags=np.zeros(pulses, np.uint32),
                period=np.ones(pulses, np.uint16),
            )
        )
    return pieces
