"""A double of Mantid for tests: behaves as the reference says, rejects what the reference does not name."""

from mantid import kernel
from mantid.kernel import ConfigService, UsageService, config, logger
from mantid.kernel.managers import PropertyManagerDataService

__version__ = kernel.version_str()

from mantid import api
from mantid.api import AlgorithmManager, AnalysisDataService, mtd

__all__ = [
    "AlgorithmManager",
    "AnalysisDataService",
    "ConfigService",
    "PropertyManagerDataService",
    "UsageService",
    "__version__",
    "api",
    "config",
    "kernel",
    "logger",
    "mtd",
]
