"""Everything as after the import, for tests that share a process."""

from mantid._live import script
from mantid.api import observers
from mantid.api.ads import AnalysisDataService
from mantid.api.manager import AlgorithmManager
from mantid.kernel import ConfigService, UsageService


def reset() -> None:
    """Forget workspaces, algorithms, observers, configuration; nothing may be running."""
    AnalysisDataService.__init__()  # type: ignore[misc]
    AlgorithmManager.__init__()  # type: ignore[misc]
    ConfigService.__init__()  # type: ignore[misc]
    UsageService.__init__()  # type: ignore[misc]
    observers.forget_all()
    script.forget_all()
