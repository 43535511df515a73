"""``Progress`` of an algorithm: nobody watches a live script, so reports go nowhere."""

from typing import Any


class AlgorithmProgress:
    """Takes reports of progress."""

    def __init__(self, algorithm: Any, start: float = 0.0, end: float = 1.0, nreports: int = 100) -> None:
        self._algorithm, self._start, self._end, self._reports = algorithm, start, end, nreports

    def report(self, *what: Any) -> None:
        """Take a report."""

    def reportIncrement(self, *what: Any) -> None:
        """Take a report of several steps."""

    def setNumSteps(self, steps: int) -> None:
        """Take the number of steps."""

    def resetNumSteps(self, *what: Any) -> None:
        """Take the number of steps anew."""


Progress = AlgorithmProgress
