"""The part that `ComponentInfo`, `DetectorInfo` and `SpectrumInfo` share: a workspace, and its source and sample."""

from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.mantid_api.objects.spectra.holder import SpectraHolder
from livereduce.engine.values.v3d import V3D


class WorkspaceInfo:
    """Positions in the instrument of a workspace, looked up when something is asked; lengths in m."""

    def __init__(self, workspace: SpectraHolder) -> None:
        self._workspace = workspace

    @property
    def _instrument(self) -> InstrumentGeometry:
        return self._workspace.static.instrument()

    def sourcePosition(self) -> V3D:
        """Position of the source."""
        return V3D.of(self._instrument.source)

    def samplePosition(self) -> V3D:
        """Position of the sample."""
        return V3D.of(self._instrument.sample)
