"""ConfigService: keys, facilities, the default instrument."""

from pathlib import Path

from mantid.kernel.facilities import FacilityInfo, InstrumentInfo, make_facilities

SYSTEM_PROPERTIES = Path("/etc/mantid.local.properties")
USER_PROPERTIES = Path(".mantid/Mantid.user.properties")

DEFAULTS = {
    "default.facility": "ISIS",
    "default.instrument": "",
    "logging.loggers.root.level": "notice",
    "logging.channels.consoleChannel.class": "ConsoleChannel",
    "logging.channels.consoleChannel.formatter": "f1",
    "logging.formatters.f1.class": "PatternFormatter",
    "logging.formatters.f1.pattern": "%s-[%p] %t",
    "livelistener.keeppausedevents": "0",
    "SNSLiveEventDataListener.keepPausedEvents": "0",
    "SNSLiveEventDataListener.startupTimeout": "10",
    "SNSLiveEventDataListener.testAddress": "127.0.0.1:12345",
    "fakeeventdatalistener.datarate": "200",
    "fakeeventdatalistener.endrunevery": "0",
    "fakeeventdatalistener.notyettimes": "0",
    "fileeventdatalistener.filename": "",
    "fileeventdatalistener.chunks": "",
    "usagereports.enabled": "0",
    "CheckMantidVersion.OnStartup": "0",
    "UpdateInstrumentDefinitions.OnStartup": "0",
    "MantidOptions.InvisibleWorkspaces": "0",
}
"""Keys that the reference names, and those of log and start-up that every installation has; no others are accepted."""


class ConfigServiceImpl:
    """The one configuration of the process, a dictionary of strings."""

    def __init__(self) -> None:
        self._values = dict(DEFAULTS)
        for path in (SYSTEM_PROPERTIES, Path.home() / USER_PROPERTIES):
            self._values |= _read_properties(path)
        self._facilities = make_facilities()

    def Instance(self) -> "ConfigServiceImpl":
        return self

    def __getitem__(self, key: str) -> str:
        return self.getString(key)

    def __setitem__(self, key: str, value: str) -> None:
        self.setString(key, value)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def keys(self) -> list[str]:
        return sorted(self._values)

    def hasProperty(self, key: str) -> bool:
        return key in self._values

    def getString(self, key: str, use_cache: bool = True) -> str:
        _reject(key)
        return self._values[key]

    def setString(self, key: str, value: str) -> None:
        _reject(key)
        if not isinstance(value, str):
            raise TypeError(f"the value of {key} is a string, not {type(value).__name__}")
        self._values[key] = value

    def getFacilityNames(self) -> list[str]:
        return [facility.name() for facility in self._facilities]

    def getFacilities(self) -> list[FacilityInfo]:
        return list(self._facilities)

    def getFacility(self, facilityName: str = "") -> FacilityInfo:
        """The facility of a name, blank: the default; RuntimeError if there is none."""
        wanted = facilityName or self._values["default.facility"]
        for facility in self._facilities:
            if facility.name() == wanted:
                return facility
        raise RuntimeError(f"Facilities search object {wanted} not found")

    def setFacility(self, facilityName: str) -> None:
        """Make a facility the default; algorithms made before keep their list of instruments."""
        self._values["default.facility"] = self.getFacility(facilityName).name()

    def getInstrument(self, instrumentName: str = "") -> InstrumentInfo:
        """The instrument of a name or short name, the default facility first; blank: the default instrument."""
        wanted = instrumentName or self._values["default.instrument"]
        if not wanted:
            return self.getFacility().instruments()[0]
        for facility in (self.getFacility(), *self._facilities):
            try:
                return facility.instrument(wanted)
            except RuntimeError:
                continue
        raise RuntimeError(f"Instruments search object {wanted} not found")

    def setConsoleLogLevel(self, logLevel: int) -> None:
        levels = ("none", "fatal", "critical", "error", "warning", "notice", "information", "debug")
        self._values["logging.loggers.root.level"] = levels[logLevel]


def _reject(key: str) -> None:
    if key not in DEFAULTS:
        raise RuntimeError(f"the double has no configuration key {key!r}: the reference does not name it")


def _read_properties(path: Path) -> dict[str, str]:
    try:
        text = path.read_text("utf-8", errors="replace")
    except OSError:
        return {}
    lines = (line.partition("=") for line in text.splitlines() if not line.lstrip().startswith(("#", "!")))
    return {key.strip(): value.strip() for key, equals, value in lines if equals and key.strip() in DEFAULTS}


ConfigService = ConfigServiceImpl()
