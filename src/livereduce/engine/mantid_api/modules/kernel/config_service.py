"""``ConfigService`` and ``config``: Mantid's settings, as far as scripts read and set them.

They begin with those of Mantid's properties files, if there are any, and the instrument of the job. What a script sets
lasts as long as its worker; nothing is written to a file.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from livereduce.config.instrument import lookup, parse_properties, read_properties
from livereduce.engine.mantid_api.modules.kernel import facilities
from livereduce.engine.mantid_api.modules.kernel.facilities import FacilityInfo, InstrumentInfo
from livereduce.engine.mantid_api.modules.kernel.logger import forget_level, set_level

SEARCH, SAVE = "datasearch.directories", "defaultsave.directory"
INSTRUMENT, FACILITY = "default.instrument", "default.facility"
DEFINITIONS = "instrumentDefinition.directory"


class ConfigServiceImpl:
    """The settings; a key that is not set is an empty text, as in Mantid."""

    def __init__(self) -> None:
        self._settings: dict[str, str] = {}
        self.reset(Path.home())

    def reset(self, home: Path, instrument: str = "") -> None:
        """Begin anew with Mantid's properties files and an instrument."""
        self._settings = {}
        forget_level()
        for text in reversed(read_properties(home)):
            self._settings |= parse_properties(text)
        if instrument:
            self._settings[INSTRUMENT] = instrument
            known = lookup(instrument, self._settings.get(FACILITY, ""))
            if known is not None and known.facility:
                self._settings[FACILITY] = known.facility

    def Instance(self) -> "ConfigServiceImpl":
        """The service itself."""
        return self

    def __getitem__(self, key: str) -> str:
        return self._settings.get(key, "")

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(value, str):
            raise TypeError(f"config[{key!r}]: expected a text, not {type(value).__name__} {value!r:.80}")
        self._settings[key] = value

    def __contains__(self, key: object) -> bool:
        return key in self._settings

    def getString(self, key: str, use_cache: bool = True) -> str:  # noqa: ARG002
        """The value of a key; empty if it is not set."""
        return self[key]

    def setString(self, key: str, value: str) -> None:
        """Set a key."""
        self[key] = value

    def get(self, key: str, default: str = "") -> str:
        """The value of a key."""
        return self._settings.get(key, default)

    def hasProperty(self, key: str) -> bool:
        """True if a key is set."""
        return key in self._settings

    def remove(self, key: str) -> None:
        """Forget a key."""
        self._settings.pop(key, None)

    def keys(self) -> list[str]:
        """All keys that are set."""
        return list(self._settings)

    def getDataSearchDirs(self) -> list[str]:
        """Folders in which files are looked for."""
        return [one.strip() for one in self[SEARCH].split(";") if one.strip()]

    def setDataSearchDirs(self, folders: str | Iterable[str]) -> None:
        """Set the folders in which files are looked for: a list, or a text with semicolons between."""
        self[SEARCH] = folders if isinstance(folders, str) else ";".join(map(str, folders))

    def appendDataSearchDir(self, folder: str) -> None:
        """Add a folder in which files are looked for."""
        if folder not in self.getDataSearchDirs():
            self.setDataSearchDirs([*self.getDataSearchDirs(), folder])

    def appendDataSearchSubDir(self, folder: str) -> None:
        """Add a folder of this name below each of those in which files are looked for."""
        for one in self.getDataSearchDirs():
            self.appendDataSearchDir(str(Path(one) / folder))

    def getInstrumentDirectory(self) -> str:
        """The folder of instrument definitions."""
        return self[DEFINITIONS]

    def setInstrumentDirectories(self, folders: Iterable[str]) -> None:
        """Set the folder of instrument definitions."""
        self[DEFINITIONS] = next(iter(folders), "")

    def getInstrumentDirectories(self) -> list[str]:
        """The folders of instrument definitions."""
        return [self[DEFINITIONS]] if self[DEFINITIONS] else []

    def getFacilityNames(self) -> list[str]:
        """Names of the facilities that are known."""
        return facilities.facility_names()

    def getFacilities(self) -> list[FacilityInfo]:
        """The facilities that are known."""
        return [FacilityInfo(name) for name in facilities.facility_names()]

    def getFacility(self, name: str = "") -> FacilityInfo:
        """A facility, or the default one."""
        return facilities.facility_named(name or self[FACILITY])

    def setFacility(self, name: str) -> None:
        """Set the default facility."""
        self[FACILITY] = facilities.facility_named(name).name()

    def getInstrument(self, name: str = "") -> InstrumentInfo:
        """An instrument by name or short name, or the default one."""
        return facilities.instrument_named(name or self[INSTRUMENT], self[FACILITY])

    def setLogLevel(self, level: Any, quiet: bool = False) -> None:  # noqa: ARG002
        """Show messages of scripts from this level on; see `set_level`."""
        set_level(level)

    setConsoleLogLevel = setLogLevel

    def getUserPropertiesDir(self) -> str:
        """The folder of Mantid's own settings of this user."""
        return str(Path.home() / ".mantid")

    getAppDataDirectory = getUserPropertiesDir

    def getUserFilename(self) -> str:
        """The file of Mantid's own settings of this user."""
        return str(Path.home() / ".mantid" / "Mantid.user.properties")

    def saveConfig(self, path: str) -> None:
        """Nothing: what a live script sets is not for other programs."""


ConfigService = config = ConfigServiceImpl()


@contextmanager
def amend_config(
    facility: str = "", instrument: str = "", data_dir: str | Iterable[str] = (), **settings: Any
) -> Iterator[ConfigServiceImpl]:
    """Settings for a ``with`` block; keys are given with ``_`` in place of ``.`` or as ``**{"a.b": …}``."""
    before = dict(config._settings)
    try:
        if facility:
            config.setFacility(facility)
        if instrument:
            config[INSTRUMENT] = instrument
        for folder in [data_dir] if isinstance(data_dir, str) else data_dir:
            config.appendDataSearchDir(folder)
        for key, value in settings.items():
            config[key] = str(value)
        yield config
    finally:
        config._settings = before
