"""Facilities, instruments and their live connections: those that the reference names, no others."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LiveListenerInfo:
    """A named connection: its name, ``host:port`` and the class of the listener."""

    _name: str
    _address: str
    _listener: str

    def name(self) -> str:
        return self._name

    def address(self) -> str:
        return self._address

    def listener(self) -> str:
        return self._listener


class InstrumentInfo:
    """One instrument of a facility."""

    def __init__(self, name: str, short_name: str, connections: tuple[LiveListenerInfo, ...]) -> None:
        self._name, self._short_name, self._connections = name, short_name, connections
        self._facility: FacilityInfo | None = None

    def name(self) -> str:
        return self._name

    def shortName(self) -> str:
        return self._short_name

    def __str__(self) -> str:
        return self._short_name

    def facility(self) -> "FacilityInfo":
        assert self._facility is not None
        return self._facility

    def hasLiveListenerInfo(self) -> bool:
        return bool(self._connections)

    def liveListenerInfo(self, name: str = "") -> LiveListenerInfo:
        """The connection of that name, blank: the default.

        Raises
        ------
        RuntimeError
            There is no such connection.
        """
        for connection in self._connections:
            if name in ("", connection.name()):
                return connection
        raise RuntimeError(f"No live listener connection named '{name}' for instrument {self._name}")

    def liveListener(self, name: str = "") -> str:
        return self.liveListenerInfo(name).listener()

    def liveDataAddress(self, name: str = "") -> str:
        return self.liveListenerInfo(name).address()


class FacilityInfo:
    """A facility and its instruments."""

    def __init__(self, name: str, instruments: tuple[InstrumentInfo, ...]) -> None:
        self._name, self._instruments = name, instruments
        for instrument in instruments:
            instrument._facility = self

    def name(self) -> str:
        return self._name

    def instruments(self) -> list[InstrumentInfo]:
        return list(self._instruments)

    def instrument(self, name: str) -> InstrumentInfo:
        """The instrument of a name or short name.

        Raises
        ------
        RuntimeError
            This facility has none of that name.
        """
        for instrument in self._instruments:
            if name.lower() in (instrument.name().lower(), instrument.shortName().lower()):
                return instrument
        raise RuntimeError(f"FacilityInfo search object {name} (instrument) not found in {self._name}")


def _sns(name: str, short_name: str, host: str) -> InstrumentInfo:
    connection = LiveListenerInfo("event", f"{host}:31415", "SNSLiveEventDataListener")
    return InstrumentInfo(name, short_name, (connection,) if host else ())


def _one(name: str, connection: str, address: str, listener: str) -> InstrumentInfo:
    return InstrumentInfo(name, name, (LiveListenerInfo(connection, address, listener),))


def _isis(name: str) -> tuple[InstrumentInfo, InstrumentInfo]:
    """The two instruments that one beamline is: histograms and, under a name of its own, events."""
    return (
        _one(name, "histo", f"NDX{name}:6789", "ISISHistoDataListener"),
        _one(f"{name}_EVENT", "event", f"NDX{name}:10000", "ISISLiveEventDataListener"),
    )


def make_facilities() -> tuple[FacilityInfo, ...]:
    """All facilities, fresh."""
    sns = (
        *(_sns("REF_M", "REF_M", "bl4a-daq1.sns.gov"), _sns("POWGEN", "PG3", "bl11a-daq1.sns.gov")),
        *(_sns("EQ-SANS", "EQSANS", "bl6-daq1.sns.gov"), _sns("SEQUOIA", "SEQ", "bl17-daq1.sns.gov")),
        *(_sns("BASIS", "BSS", ""), _sns("VENUS", "VENUS", "")),
    )
    hfir = (
        *(_sns("HB2B", "HB2B", "hb2b-daq1.ornl.gov"), _sns("WAND", "HB2C", "hb2c-daq1.ornl.gov")),
        *(_sns("CG2", "CG2", "cg2-daq1.ornl.gov"), _sns("CG3", "CG3", "cg3-daq1.ornl.gov")),
    )
    test_live = (
        _one("ISIS_Histogram", "histo", "127.0.0.1:56789", "ISISHistoDataListener"),
        _one("ISIS_Event", "event", "127.0.0.1:59876", "ISISLiveEventDataListener"),
        _one("ADARA_FileReader", "event", "127.0.0.1:0", "FileEventDataListener"),
        _one("ADARA_FakeEvent", "event", "127.0.0.1:0", "FakeEventDataListener"),
        _one("ISIS_Kafka_Event", "event", "sakura:9092", "KafkaEventListener"),
    )
    isis = (*_isis("MARI"), *_isis("ZOOM"))
    return (
        FacilityInfo("ISIS", isis),
        FacilityInfo("SNS", sns),
        FacilityInfo("HFIR", hfir),
        FacilityInfo("TEST_LIVE", test_live),
    )
