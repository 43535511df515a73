"""UsageService: who is counted as using Mantid."""

from mantid._double.record import record


class UsageServiceImpl:
    """Holds the application's name; the double reports to nobody."""

    def __init__(self) -> None:
        self._application = "python"

    def setApplicationName(self, name: str) -> None:
        self._application = name
        record("application", name=name)

    def getApplicationName(self) -> str:
        return self._application


UsageService = UsageServiceImpl()
