"""Small workspaces for tests of algorithms."""

from typing import Any

import numpy as np

from helpers.items import S_NS, event_batch, log_batch
from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.engine.workspaces.workspace import Binned

START_NS = 1000 * S_NS


def pulsed_events(*, with_charge: bool = True) -> MatrixWorkspace:
    """Two events a second in one pixel for 100 s; logs as in Mantid's FilterByLogValueTest."""
    seconds = np.arange(100)
    pieces = []
    for part in (seconds[:37], seconds[37:]):
        tof_ns = np.tile([1000, 2000], len(part))
        pulse_ns = START_NS + part * S_NS
        pieces.append(event_batch(1, tof_ns, np.full(len(tof_ns), 5), per_pulse=[2] * len(part), pulse_ns=pulse_ns))
    logs = RunLogs()
    for name, at in (("temp", range(10, 51, 10)), ("press", range(-10, 151, 10)), ("single", [30])):
        times = START_NS + np.array(at) * S_NS
        logs.add_log(log_batch(1, name, times, np.array(at, float)))
    if with_charge:
        logs.add_charge(START_NS + seconds * S_NS, np.ones(100))
    bins = Binned(Binning(np.array([0, 5000], np.int64)), PixelTable())
    return MatrixWorkspace("data", Events(tuple(pieces)), binned=bins, logs=logs, run=1)


def six_spectra(simpleapi: Any, name: str = "six") -> Any:
    """Spectra with Y = 1 … 6 and E = 1 in three bins."""
    y = np.repeat(np.arange(1.0, 7), 3)
    return simpleapi.CreateWorkspace(DataX=[0, 1, 2, 3], DataY=y, DataE=np.ones(18), NSpec=6, OutputWorkspace=name)
