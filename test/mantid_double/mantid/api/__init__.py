"""``mantid.api``: algorithms, workspaces, the data service."""

from mantid import _algorithms, _live
from mantid.api.ads import AnalysisDataService, AnalysisDataServiceImpl
from mantid.api.algorithm import Algorithm
from mantid.api.events import EventWorkspace
from mantid.api.manager import AlgorithmManager, AlgorithmManagerImpl
from mantid.api.observers import AlgorithmObserver, AnalysisDataServiceObserver
from mantid.api.python_algorithm import PythonAlgorithm
from mantid.api.run import Run
from mantid.api.workspaces import MatrixWorkspace, Workspace, Workspace2D, WorkspaceGroup

__all__ = [
    "Algorithm",
    "AlgorithmManager",
    "AlgorithmManagerImpl",
    "AlgorithmObserver",
    "AnalysisDataService",
    "AnalysisDataServiceImpl",
    "AnalysisDataServiceObserver",
    "EventWorkspace",
    "MatrixWorkspace",
    "PythonAlgorithm",
    "Run",
    "Workspace",
    "Workspace2D",
    "WorkspaceGroup",
    "mtd",
]

mtd = AnalysisDataService

_algorithms.load()
_live.load()
