"""``FileFinder``: the file that a name or a run number means."""

from pathlib import Path
from typing import Any

from livereduce.engine.mantid_api.files.finding import FileHints, found, several
from livereduce.engine.mantid_api.modules.kernel.config_service import config


class FileFinderImpl:
    """Looks in the working folder and in the folders of ``config["datasearch.directories"]``."""

    def Instance(self) -> "FileFinderImpl":
        """The finder itself."""
        return self

    def getFullPath(self, name: str, ignoreDirs: bool = False) -> str:
        """The path of a file; empty if there is none."""
        if not ignoreDirs and Path(name).is_dir():
            return str(Path(name).resolve())
        try:
            return str(found(name, FileHints(endings=())))
        except OSError:
            return ""

    def findRuns(self, hint: str, *_: Any, **__: Any) -> list[str]:
        """The files of runs, such as ``PG3_1234`` or ``1234``, several with commas between.

        Raises
        ------
        RuntimeError
            One of them is not found.
        """
        prefix = (
            config.getInstrument().shortName() if hint.strip()[:1].isdigit() and config["default.instrument"] else ""
        )
        wanted = ",".join(f"{prefix}_{one.strip()}" if prefix else one.strip() for one in hint.split(","))
        try:
            return [str(path) for group in several(wanted) for path in group]
        except OSError as error:
            raise RuntimeError(f"FileFinder: {error}") from None

    def getCaseSensitive(self) -> bool:
        """True: names of files have their case."""
        return True

    def setCaseSensitive(self, sensitive: bool) -> None:
        """Nothing: names of files have their case."""


FileFinder = FileFinderImpl()
