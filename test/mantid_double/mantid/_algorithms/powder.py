"""AlignAndFocusPowder, as the chain of steps that it is."""

from dataclasses import replace

import h5py
import numpy as np

from mantid._algorithms.base import OneToOne, in_out
from mantid._algorithms.binning import bin_edges
from mantid._algorithms.characterizations import average
from mantid._algorithms.filtering import compressed
from mantid._algorithms.units import changed, converted
from mantid.api.ads import AnalysisDataService
from mantid.api.events import EventWorkspace
from mantid.api.factory import subscribe
from mantid.api.properties import Property
from mantid.api.tables import DetectorValues
from mantid.api.workspaces import Workspace
from mantid.kernel.managers import PropertyManager, PropertyManagerDataService

PARTS = {"CalibrationWorkspace": "cal", "GroupingWorkspace": "group", "MaskWorkspace": "mask"}
DATASETS = {"cal": "difc", "group": "group", "mask": "use"}


@subscribe
class AlignAndFocusPowder(OneToOne):
    """Events of pixels to one spectrum for each group, in TOF; DIFA and TZERO are 0 here."""

    def declare(self) -> list[Property]:
        return [
            *in_out(),
            Property("CalFileName", "file"),
            *(Property(name, "workspace") for name in PARTS),
            Property("Params", "floats", [], mandatory=True),
            Property("RemovePromptPulseWidth", "float", 0.0),
            Property("ReductionProperties"),
            Property("CompressTolerance", "float", 1e-5),
        ]

    def compute(self, workspace: Workspace) -> Workspace:
        if not isinstance(workspace, EventWorkspace):
            raise RuntimeError("AlignAndFocusPowder: the double focuses events")
        self._read_calibration()
        tolerance = self.getProperty("CompressTolerance").value
        given = self._without_prompt_pulses(self._cropped(compressed(workspace, tolerance)))
        difc, group, used = (self._part(name, given) for name in PARTS)
        given = given.with_events(given.events.taken(used[given.index] > 0))
        in_d = changed(given, lambda x, row: x / difc[row])
        assert isinstance(in_d, EventWorkspace)
        in_d._unit = "dSpacing"
        in_d.edges = bin_edges(self.getProperty("Params").value, float(in_d.edges.min()), float(in_d.edges.max()))
        in_tof = converted(_focused(in_d, group), "TOF")
        assert isinstance(in_tof, EventWorkspace)
        return compressed(in_tof, tolerance)

    def _read_calibration(self) -> None:
        """The file's parts into the data service, where they are not there."""
        path = self.getProperty("CalFileName").value
        if path and "PG3_cal" not in AnalysisDataService:
            with h5py.File(path) as file:
                folder = file["calibration"]
                for name, dataset in DATASETS.items():
                    made = DetectorValues(folder["detid"][()], folder[dataset][()].astype(float))
                    AnalysisDataService.addOrReplace(f"PG3_{name}", made)

    def _part(self, name: str, given: EventWorkspace) -> np.ndarray:
        """A value of each spectrum, which has one detector."""
        held = self.getProperty(name).value or AnalysisDataService._held(f"PG3_{PARTS[name]}")
        by_id = dict(zip(held.ids.tolist(), held.values.tolist(), strict=True))
        return np.array([by_id[int(ids[0])] for ids in given._groups])

    def _cropped(self, given: EventWorkspace) -> EventWorkspace:
        name = self.getProperty("ReductionProperties").value
        manager = PropertyManagerDataService.retrieve(name) if name else PropertyManager()
        low, high = ((manager[key].value if key in manager else 0.0) for key in ("tof_min", "tof_max"))
        x = given.tof
        return given.with_events(given.events.taken((x >= low) & (x <= (high or np.inf))))

    def _without_prompt_pulses(self, given: EventWorkspace) -> EventWorkspace:
        width = self.getProperty("RemovePromptPulseWidth").value
        if width <= 0:
            return given
        period_us = 1e6 / average(given.run()["frequency"])
        return given.with_events(given.events.taken(given.tof % period_us >= width))


def _focused(given: EventWorkspace, group: np.ndarray) -> EventWorkspace:
    """One spectrum for each group above 0, in their order."""
    numbers = np.unique(group[group > 0])
    row = np.where(group > 0, np.searchsorted(numbers, group), -1)
    old = given.events.taken(row[given.index] >= 0)
    made = EventWorkspace(len(numbers), given.edges).take_over(given)
    made.events = replace(old, index=row[old.index])
    made.has_times = given.has_times
    made._groups = [np.concatenate([given._groups[k] for k in np.flatnonzero(group == one)]) for one in numbers]
    return made
