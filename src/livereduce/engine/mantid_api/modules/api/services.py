"""Services of Mantid's that have nothing to do here, and functions that say which Mantid this is."""

from typing import Any, NamedTuple

from livereduce.catalog.mantid_names import version as names_version
from livereduce.engine.mantid_api.modules.provided import version_of
from livereduce.engine.mantid_api.session import current_store


class FrameworkManagerImpl:
    """Mantid's way to clear all, and to set the number of its threads."""

    def Instance(self) -> "FrameworkManagerImpl":
        """The manager itself."""
        return self

    def clear(self) -> None:
        """Empty the store."""
        current_store().clear()

    clearData = clear

    def clearAlgorithms(self) -> None:
        """Nothing: no algorithm is kept."""

    clearInstruments = clearPropertyManagers = clearAlgorithms

    def setNumOMPThreads(self, threads: int) -> None:
        """Nothing: the engine uses one core."""

    setNumOMPThreadsToConfigValue = clearAlgorithms

    def getNumOMPThreads(self) -> int:
        """1: the engine uses one core."""
        return 1


class UsageServiceImpl:
    """Nobody is told what scripts use."""

    def Instance(self) -> "UsageServiceImpl":
        """The service itself."""
        return self

    def setEnabled(self, enabled: bool) -> None:
        """Nothing: nobody is told."""

    def isEnabled(self) -> bool:
        """False: nobody is told."""
        return False

    def registerFeatureUsage(self, *what: Any) -> None:
        """Nothing: nobody is told."""

    setApplicationName = setApplication = registerFeatureUsage


FrameworkManager = FrameworkManagerImpl()
UsageService = UsageServiceImpl()


def apiVersion() -> int:
    """2: the version of Mantid's Python interface."""
    return 2


class VersionInfo(NamedTuple):
    """The parts of a version."""

    major: int
    minor: int
    patch: int
    tweak: str = ""

    def __str__(self) -> str:
        return version_of()


def version() -> VersionInfo:
    """The version of Mantid's interface, in parts."""
    major, minor, patch = names_version().split(".")
    return VersionInfo(int(major), int(minor), int(patch))


def version_str() -> str:
    """The version, with our mark."""
    return version_of()


def revision() -> str:
    """No revision of Mantid: it is not Mantid."""
    return "livereduce"


revision_full = revision
