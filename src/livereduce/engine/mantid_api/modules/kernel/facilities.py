"""``FacilityInfo`` and ``InstrumentInfo``: the facilities and instruments of our table, with Mantid's methods."""

from livereduce.base.names import missing
from livereduce.config.instrument import Instrument, known_instruments, lookup


class InstrumentInfo:
    """An instrument."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument

    def name(self) -> str:
        """The name, such as ``POWGEN``."""
        return self._instrument.name

    def shortName(self) -> str:
        """The short name, such as ``PG3``."""
        return self._instrument.short_name

    def facility(self) -> "FacilityInfo":
        """The facility that it belongs to."""
        return FacilityInfo(self._instrument.facility)

    def filePrefix(self, run: int = 0) -> str:  # noqa: ARG002
        """The beginning of the names of its files."""
        return self._instrument.short_name

    def zeroPadding(self, run: int = 0) -> int:  # noqa: ARG002
        """Digits of a run number in a file name; 0: as many as it has."""
        return 0

    def delimiter(self) -> str:
        """The sign between prefix and run number in a file name."""
        return "_"

    def __str__(self) -> str:
        return self._instrument.name


class FacilityInfo:
    """A facility with its instruments."""

    def __init__(self, name: str) -> None:
        self._name = name

    def name(self) -> str:
        """The name."""
        return self._name

    def instruments(self, technique: str = "") -> list[InstrumentInfo]:  # noqa: ARG002
        """Its instruments."""
        return [InstrumentInfo(one) for one in known_instruments() if one.facility == self._name]

    def instrument(self, name: str = "") -> InstrumentInfo:
        """The instrument of a name, or its first one."""
        return instrument_named(name, self._name) if name else self.instruments()[0]

    def extensions(self) -> list[str]:
        """Endings of its data files."""
        return [".nxs.h5", "_event.nxs", ".nxs"]

    def preferredExtension(self) -> str:
        """The ending that is tried first."""
        return self.extensions()[0]

    def zeroPadding(self) -> int:
        """Digits of a run number in a file name; 0: as many as it has."""
        return 0

    def __str__(self) -> str:
        return self._name


def instrument_named(name: str, facility: str = "") -> InstrumentInfo:
    """The instrument of a name or short name.

    Raises
    ------
    RuntimeError
        The table has none.
    """
    found = lookup(name, facility)
    if found is None:
        known = [word for one in known_instruments() for word in (one.short_name, one.name)]
        raise RuntimeError(f"ConfigService: {missing('instrument', name, known)}")
    return InstrumentInfo(found)


def facility_names() -> list[str]:
    """The facilities of our table."""
    return list(dict.fromkeys(one.facility for one in known_instruments()))


def facility_named(name: str) -> FacilityInfo:
    """The facility of a name.

    Raises
    ------
    RuntimeError
        The table has none.
    """
    if name not in facility_names():
        raise RuntimeError(f"ConfigService: {missing('facility', name, facility_names())}")
    return FacilityInfo(name)
