"""The class that a script's text is wrapped into, and the algorithms that are called from there."""

from types import FrameType

from mantid.api.algorithm import Algorithm
from mantid.api.factory import make_algorithm


class PythonAlgorithm:
    """Base of the wrapper around a script; it is never executed, only its `PyExec` is called."""

    def createChildAlgorithm(self, name: str, version: int = -1) -> Algorithm:
        """An algorithm that is not managed, so that no cancelAll reaches it, and stores its outputs all the same."""
        child = make_algorithm(name, version)
        child.initialize()
        child.setChild(True)
        child.setAlwaysStoreInADS(True)
        return child


def parent_of(frame: FrameType | None) -> PythonAlgorithm | None:
    """Whose ``PyExec`` a call comes from (Mantid's simpleapi looks through the frames in this way)."""
    while frame is not None:
        if frame.f_code.co_name == "PyExec":
            parent = frame.f_locals["self"]
            assert isinstance(parent, PythonAlgorithm)
            return parent
        frame = frame.f_back
    return None
